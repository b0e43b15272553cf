import { once } from 'node:events'
import { connect as connectTcp, createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { WireLimits } from '@twinlatch/wire'
import { expect, vi } from 'vitest'
import { get, H, post } from '../cases/case.ts'
import { host } from '../edge.ts'
import { converse, readToEnd, readUntil, statusesOf } from '../raw-client.ts'
import type { EdgeWith, Proof } from './proof.ts'

async function statusesFor(
  edgeWith: EdgeWith,
  limits: Partial<WireLimits>,
  send: string,
): Promise<number[]> {
  const edge = await edgeWith(limits)
  const { answers } = await converse(await edge.connect(), { send })
  return statusesOf(answers)
}

const last = `GET / HTTP/1.1\r\n${H}Connection: close\r\n`
const never = () => new Promise<void>(() => {})

/** The first flight of a client that says nothing more. */
async function recordHello(): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const client = connectTls({ port, host: '127.0.0.1', servername: host })
  client.on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [hello] = await once(socket, 'data')
  client.destroy()
  socket.destroy()
  server.close()
  return hello
}

/** Limits on what a client may send, hold, or wait for. */
export const clientLimits = {
  clientHelloBytesMax: async (edgeWith) => {
    const edge = await edgeWith({ clientHelloBytesMax: 64 })
    await expect(edge.connect()).rejects.toThrow()
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'hello-too-large' }])
  },
  clientHelloTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ clientHelloTimeoutMs: 50 })
    const socket = connectTcp(edge.listener.port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    await once(socket, 'close')
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'timeout' }])
  },
  handshakeTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ handshakeTimeoutMs: 100 })
    const socket = connectTcp(edge.listener.port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    socket.write(await recordHello())
    await once(socket, 'close')
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'timeout' }])
  },
  peerChainBytesMax: async (edgeWith) => {
    const edge = await edgeWith({ peerChainBytesMax: 100 })
    const client = await edge.connect()
    await readToEnd(client)
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'limit' }])
  },
  openConnectionsMax: async (edgeWith) => {
    const edge = await edgeWith({ openConnectionsMax: 2 })
    const first = await edge.connect()
    await edge.connect()
    await expect(edge.connect()).rejects.toThrow()
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'limit' }])
    first.destroy()
    await edge.until(() => edge.seen.openConnections === 1)
    await edge.connect()
  },
  openConnectionsPerAddressMax: async (edgeWith) => {
    const edge = await edgeWith({ openConnectionsPerAddressMax: 2 })
    const first = await edge.connect()
    await edge.connect()
    await expect(edge.connect()).rejects.toThrow()
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'limit' }])
    first.destroy()
    await edge.until(() => edge.seen.openConnections === 1)
    await edge.connect()
  },
  headerSectionBytesMax: async (edgeWith) => {
    const limits = { headerSectionBytesMax: 500 }
    const room = 500 - `${last}X: \r\n\r\n`.length
    expect(await statusesFor(edgeWith, limits, `${last}X: ${'a'.repeat(room)}\r\n\r\n`)).toEqual([
      200,
    ])
    expect(
      await statusesFor(edgeWith, limits, `${last}X: ${'a'.repeat(room + 1)}\r\n\r\n`),
    ).toEqual([431])
    expect(
      await statusesFor(edgeWith, limits, `GET /${'a'.repeat(500)} HTTP/1.1\r\n${H}\r\n`),
    ).toEqual([431])
  },
  headerLinesMax: async (edgeWith) => {
    expect(
      await statusesFor(edgeWith, { headerLinesMax: 5 }, `${last}${'X: a\r\n'.repeat(3)}\r\n`),
    ).toEqual([200])
    expect(
      await statusesFor(
        edgeWith,
        { headerLinesMax: 5 },
        get('A: 1', 'B: 1', 'C: 1', 'D: 1', 'E: 1'),
      ),
    ).toEqual([431])
  },
  connectionNamesMax: async (edgeWith) => {
    expect(
      await statusesFor(edgeWith, { connectionNamesMax: 2 }, get('Connection: close, a')),
    ).toEqual([200])
    expect(
      await statusesFor(edgeWith, { connectionNamesMax: 2 }, get('Connection: close, a, b')),
    ).toEqual([400])
  },
  authorityBytesMax: async (edgeWith) => {
    expect(await statusesFor(edgeWith, { authorityBytesMax: 19 }, `${last}\r\n`)).toEqual([200])
    expect(await statusesFor(edgeWith, { authorityBytesMax: 18 }, `${last}\r\n`)).toEqual([400])
  },
  requestHeadersTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ requestHeadersTimeoutMs: 100 })
    const { answers } = await converse(await edge.connect(), { send: 'GET / HTTP/1.1\r\nX' })
    expect(statusesOf(answers)).toEqual([408])
    // Nobody to answer: not a byte came.
    expect(await readToEnd(await edge.connect())).toBe('')
    expect(edge.seen.runs).toEqual([])
  },
  requestTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ requestTimeoutMs: 150, requestHeadersTimeoutMs: 100 })
    const client = await edge.connect()
    const ended = readToEnd(client)
    client.write(post(['Content-Length: 1000'], 'a'))
    const drip = setInterval(() => client.write('a'), 20)
    const text = await ended
    clearInterval(drip)
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
    expect(edge.origin.requests).toEqual([])
  },
  exchangeIdleTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ exchangeIdleTimeoutMs: 100 }, { handle: never })
    const client = await edge.connect()
    client.write(post(['Content-Length: 5'], 'a'))
    expect(await readToEnd(client)).not.toMatch(/^HTTP\/1\.1 200/)
    await vi.waitFor(() => expect(edge.seen.runs[0]?.signal.aborted).toBe(true))
  },
  keepAliveTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ keepAliveTimeoutMs: 100 })
    const client = await edge.connect()
    client.write(get())
    const text = await readToEnd(client)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(edge.seen.faults).toEqual([])
  },
  timeoutCheckIntervalMs: async (edgeWith) => {
    const edge = await edgeWith({ requestHeadersTimeoutMs: 1, timeoutCheckIntervalMs: 60_000 })
    const client = await edge.connect()
    client.write('GET / HTTP/1.1\r\n')
    client.write(`${H}\r\n`)
    await readUntil(client, (text) => text.startsWith('HTTP/1.1 200'))
  },
  pipelinedBytesMax: async (edgeWith) => {
    const edge = await edgeWith({ pipelinedBytesMax: 100 }, { handle: never })
    const client = await edge.connect()
    // More than every buffer on the way holds.
    client.write(get().repeat(400_000))
    await edge.until(() => edge.seen.runs.length === 1)
    const left: number[] = []
    // That it stays so can only be seen by waiting.
    await vi.waitUntil(() => left.push(client.writableLength) && left.at(-1) === left.at(-5), {
      interval: 50,
      timeout: 5_000,
    })
    expect(left.at(-1)).toBeGreaterThan(0)
    client.destroy()
  },
  emptyLinesMax: async (edgeWith) => {
    const limits = { emptyLinesMax: 2 }
    expect(await statusesFor(edgeWith, limits, `\r\n\r\n${last}\r\n`)).toEqual([200])
    expect(await statusesFor(edgeWith, limits, `\r\n\r\n\r\n${last}\r\n`)).toEqual([400])
  },
  lingeringCloseMs: async (edgeWith) => {
    const edge = await edgeWith({ lingeringCloseMs: 100 })
    const client = await edge.connect({ allowHalfOpen: true } as object)
    const text = readToEnd(client)
    client.write(get('X : a'))
    const push = setInterval(() => client.write('a'.repeat(1_000)), 5)
    const answer = await text
    clearInterval(push)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  },
} satisfies Partial<Record<keyof WireLimits, Proof>>
