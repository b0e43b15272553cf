import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type RawMessage, splitRequests } from './messages.ts'

/** The place behind the edge: plain TCP, sees every byte, says what a test wants. */
export interface RawOrigin {
  readonly port: number
  /** Whole requests in the order of arrival, over all connections. */
  readonly requests: RawMessage[]
  readonly connections: readonly Socket[]
  /** Bytes that arrived and are no whole request (yet), by connection. */
  unfinished(): string[]
  /** What it says from now on. */
  answerWith(answer: OriginScript): void
  /** Forgets what was seen and says 200 to everything again. */
  reset(): void
  stop(): void
}

/** Plays the origin's part once a whole request is there; `index` counts from 0 since the reset. */
export type OriginScript = (request: RawMessage, socket: Socket, index: number) => void

/** Says 200 and the start line that it saw. */
export const confirm: OriginScript = ({ startLine }, socket) => {
  const bodiless = startLine.startsWith('HEAD ')
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${startLine.length}\r\n\r\n`
  socket.write(bodiless ? head : head + startLine, 'latin1')
}

/** Opens one on a free port of this machine. */
export async function openRawOrigin(): Promise<RawOrigin> {
  const requests: RawMessage[] = []
  const texts = new Map<Socket, string>()
  let script = confirm
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    texts.set(socket, '')
    socket.on('error', () => {})
    // The edge gave up: so does the origin, or its half would stay open.
    socket.on('end', () => socket.end())
    socket.on('data', (chunk: Buffer) => {
      const { messages, rest } = splitRequests((texts.get(socket) ?? '') + chunk.toString('latin1'))
      texts.set(socket, rest)
      for (const message of messages) script(message, socket, requests.push(message) - 1)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    requests,
    get connections() {
      return [...texts.keys()]
    },
    unfinished: () => [...texts.values()].filter((rest) => rest !== ''),
    answerWith: (answer) => {
      script = answer
    },
    reset: () => {
      requests.splice(0)
      for (const socket of texts.keys()) socket.destroy()
      texts.clear()
      script = confirm
    },
    stop: () => {
      for (const socket of texts.keys()) socket.destroy()
      server.close()
    },
  }
}
