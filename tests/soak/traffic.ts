import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls'
import { loopbackLookup } from '@twinlatch/wire'
import { splitAnswers } from '../conformance/http-edge/messages.ts'
import type { GatewayProcess } from './gateway-process.ts'

const host = 'httpbin-x509.mtls.localhost'
/** Of another server of the port (gateway.md section 5.3). */
const otherHost = 'httpbin.quovadis.localhost'

/** What came of the traffic, by kind; every kind counts as one request. */
export type Tally = Map<string, number>

/** Clients of a running sample: good ones, and every way in which one can go wrong. */
export interface Traffic {
  /**
   * Sends `count` requests, or as many as fit in the time, most of them good ones; throws when one
   * is not answered as it must be.
   */
  send(count: number, tally: Tally, timeMs: number): Promise<void>
  /** Sends `count` requests that are refused by policy, so that the ring of refusals is full. */
  fillRefusals(count: number): Promise<void>
  stop(): void
}

/** Requests under way at the same time. */
const lanes = 24

/** Creates the clients; connections are opened as they are needed. */
export function createTraffic({ port, ca, sample }: GatewayProcess): Traffic {
  const password = readFileSync(join(sample, 'password.txt'), 'utf8').trim()
  // Read once: a keystore is slow to open on purpose.
  const identityOf = (name: string) => ({
    secureContext: createSecureContext({
      ca,
      pfx: readFileSync(join(sample, `${name}.p12`)),
      passphrase: password,
    }),
  })
  const place = { host: '127.0.0.1', port, servername: host, lookup: loopbackLookup }
  const nobody = { ...place, secureContext: createSecureContext({ ca }) }
  const poster = { ...place, ...identityOf('poster-quovadis') }
  const partner = { ...place, ...identityOf('partner-quovadis') }
  const agent = new Agent({ ...poster, keepAlive: true, maxSockets: lanes })
  const call = (options: { method: string; path: string; body?: string; abort?: boolean }) =>
    exchange(agent, port, options)
  const kept = new Set<TLSSocket>()
  const kinds: readonly (readonly [name: string, of1000: number, run: () => Promise<void>])[] = [
    ['served', 60, () => call({ method: 'GET', path: '/headers' })],
    ['pipelined', 800 / burst, () => pipeline(poster, kept, { host, status: 200 })],
    ['posted', 60, () => call({ method: 'POST', path: '/post', body: 'a'.repeat(4_000) })],
    ['aborted', 20, () => call({ method: 'GET', path: '/headers', abort: true })],
    ['not found', 20, () => call({ method: 'GET', path: '/nothing-here' })],
    ['malformed', 10, () => raw(poster, `GET / HTTP/1.1\r\nHost: ${host}\r\nX : a\r\n\r\n`, 400)],
    ['smuggled', 5, () => raw(poster, smuggled, 400)],
    ['other host', 5, () => raw(poster, `GET / HTTP/1.1\r\nHost: b.example\r\n\r\n`, null)],
    ['half a request', 5, () => vanish(poster, 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\na')],
    ['no certificate', 5, () => raw(nobody, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 0)],
    ['wrong authority', 5, () => raw(partner, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 0)],
    ['half a handshake', 5, () => vanish({ ...poster, servername: 'nobody.example' }, '')],
  ]
  const requestsOf = (name: string) => (name === 'pipelined' ? burst : 1)
  const wheel = kinds.flatMap(([name, times, run]) =>
    Array.from({ length: times }, () => ({ name, run })),
  )
  return {
    send: async (count, tally, timeMs) => {
      const end = performance.now() + timeMs
      let [turn, sent] = [0, 0]
      const lane = async () => {
        while (sent < count && performance.now() < end) {
          // A prime: every kind, evenly mixed.
          const kind = wheel[(turn++ * 617) % wheel.length]
          if (!kind) return
          const requests = requestsOf(kind.name)
          sent += requests
          await kind.run()
          tally.set(kind.name, (tally.get(kind.name) ?? 0) + requests)
        }
      }
      await Promise.all(Array.from({ length: lanes }, lane))
    },
    fillRefusals: async (count) => {
      for (let sent = 0; sent < count; sent += burst) {
        await pipeline(poster, kept, { host: otherHost, status: 421 })
      }
    },
    stop: () => {
      agent.destroy()
      for (const socket of kept) socket.destroy()
    },
  }
}

/** Requests sent in one piece, so that most of the time is the gateway's and not the client's. */
const burst = 10

/** A burst on a kept connection, answered in order; the connection goes back to the kept ones. */
async function pipeline(
  options: ConnectionOptions,
  kept: Set<TLSSocket>,
  { host, status }: { host: string; status: number },
): Promise<void> {
  const [idle] = kept
  const socket = idle ?? connect(options)
  kept.delete(socket)
  let text = ''
  await new Promise<void>((resolve, reject) => {
    const onClose = () => reject(new Error(`closed after ${JSON.stringify(text.slice(-200))}`))
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const { messages } = splitAnswers(text, Array(burst).fill('GET'), false)
      if (messages.length < burst) return
      socket.off('data', onData).off('close', onClose)
      if (messages.every(({ startLine }) => startLine.startsWith(`HTTP/1.1 ${status} `))) resolve()
      else reject(new Error(`pipelined: ${messages.map(({ startLine }) => startLine)}`))
    }
    if (!idle) socket.on('error', () => {}).once('close', () => kept.delete(socket))
    socket.on('data', onData).on('close', onClose)
    socket.write(`GET /headers HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(burst))
  })
  kept.add(socket)
}

const smuggled =
  `POST /post HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 6\r\n` +
  'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG'

/** One request on a kept connection, read to its end or given up after it was sent. */
function exchange(
  agent: Agent,
  port: number,
  options: { method: string; path: string; body?: string; abort?: boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { method, path, body, abort } = options
    const outgoing = request({ agent, host: '127.0.0.1', port, method, path, headers: { host } })
    outgoing.on('error', (error) => (abort ? resolve() : reject(error)))
    outgoing.on('response', (incoming) => {
      const expected = path === '/nothing-here' ? 404 : 200
      if (!abort && incoming.statusCode !== expected) {
        reject(new Error(`${method} ${path} was answered with ${incoming.statusCode}`))
      }
      incoming.resume().on('close', resolve).on('error', resolve)
    })
    outgoing.end(body, () => abort && outgoing.destroy())
  })
}

/** A connection of its own: the status of the first answer, or 0 for a close without one. */
async function raw(
  options: ConnectionOptions,
  text: string,
  expected: number | null,
): Promise<void> {
  const socket = connect(options)
  let answer = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
    if (expected === null) socket.destroy()
  })
  socket.once('secureConnect', () => socket.write(text))
  await closed(socket)
  const status = Number(answer.split(' ')[1] ?? 0)
  if (expected !== null && status !== expected) {
    throw new Error(`${JSON.stringify(text.slice(0, 60))} was answered with ${status}`)
  }
}

/** Gone without a word, in a handshake or behind these bytes. */
async function vanish(options: ConnectionOptions, text: string): Promise<void> {
  const socket = connect(options)
  socket.on('error', () => {})
  socket.once('secureConnect', () => socket.write(text, () => socket.destroy()))
  await closed(socket)
}

async function closed(socket: TLSSocket): Promise<void> {
  if (!socket.closed) await once(socket, 'close').catch(() => {})
}
