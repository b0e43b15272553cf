import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it reached the origin. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query, as they were sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values alternating, with spelling, order and repeats as they were sent. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/** What the origin answers; 200 and an empty body where nothing is said. */
export interface OriginAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array
}

/** A server behind the one under test. */
export interface Origin {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Everything that reached it, oldest first. */
  readonly requests: readonly RecordedRequest[]
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A test's request is small; more would be a test of something else. */
const bodyBytesMax = 64 * 1024 * 1024

/** Opens a plain HTTP server on a free loopback port that records requests and answers as told. */
export async function openOrigin(
  respond: (request: RecordedRequest) => OriginAnswer | Promise<OriginAnswer> = () => ({}),
): Promise<Origin> {
  const requests: RecordedRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = []
    let bytes = 0
    for await (const part of incoming as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > bodyBytesMax) return incoming.destroy()
      parts.push(part)
    }
    const { method = '', url = '', headers, rawHeaders } = incoming
    const request = { method, url, headers, rawHeaders, body: Buffer.concat(parts) }
    requests.push(request)
    const { status = 200, headers: answered = {}, body = '' } = await respond(request)
    outgoing.writeHead(status, { ...answered }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
