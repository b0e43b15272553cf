import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { UpstreamRequest } from '../upstream.ts'

/** A server that says exactly what a test wants, byte by byte. */
export interface ScriptedServer {
  readonly port: number
  /** Every connection so far. */
  readonly connections: Socket[]
  /** Resolves with the text that arrived on connection `index` once it matches. */
  received(index: number, pattern: RegExp): Promise<string>
  stop(): void
}

/** `onConnection` plays the server's part on each connection, numbered from 0. */
export async function openScriptedServer(
  onConnection: (socket: Socket, index: number) => void = () => {},
  host = '127.0.0.1',
): Promise<ScriptedServer> {
  const connections: Socket[] = []
  const texts: string[] = []
  const waiting = new Set<() => void>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const index = connections.push(socket) - 1
    texts.push('')
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      texts[index] += chunk.toString('latin1')
      for (const check of [...waiting]) check()
    })
    onConnection(socket, index)
  })
  const port = await listenOn(server, host)
  return {
    port,
    connections,
    received: (index, pattern) =>
      new Promise((resolve) => {
        const check = () => {
          if (!pattern.test(texts[index] ?? '')) return
          waiting.delete(check)
          resolve(texts[index] ?? '')
        }
        waiting.add(check)
        check()
      }),
    stop: () => {
      for (const socket of connections) socket.destroy()
      server.close()
    },
  }
}

/** Answers every request head with the next of `answers`, the last one from then on. */
export function answering(...answers: string[]): (socket: Socket) => void {
  let count = 0
  return (socket) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        text = text.slice(end + 4)
        socket.write(answers[Math.min(count, answers.length - 1)] ?? '', 'latin1')
        count += 1
      }
    })
  }
}

export async function listenOn(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** A request to a port of this machine, with changes. */
export function requestTo(port: number, changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    target: { host: '127.0.0.1', port, tls: null },
    method: 'GET',
    path: '/',
    headers: [['Host', 'a.example']],
    body: null,
    signal: new AbortController().signal,
    ...changes,
  }
}

export async function textOf(body: Readable | Uint8Array): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString('latin1')
  let text = ''
  for await (const chunk of body as AsyncIterable<Buffer>) text += chunk.toString('latin1')
  return text
}

/** Gives up a body that still comes. */
export function giveUp(body: Readable | Uint8Array): void {
  if (body instanceof Uint8Array) throw new TypeError('the body is here already')
  body.destroy()
}
