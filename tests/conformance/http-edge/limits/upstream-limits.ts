import { once } from 'node:events'
import { createServer } from 'node:net'
import type { UpstreamTls, WireLimits } from '@twinlatch/wire'
import { expect, vi } from 'vitest'
import { get, post } from '../cases/case.ts'
import { type Edge, host } from '../edge.ts'
import { converse, readToEnd, readUntil, statusesOf } from '../raw-client.ts'
import { confirm } from '../raw-origin.ts'
import type { EdgeWith, Proof } from './proof.ts'

const empty = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const chunkHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const trustNobody: UpstreamTls = {
  serverName: host,
  authoritiesPem: [],
  certificateChainPem: null,
  privateKeyPem: null,
}

async function answerTo(
  edgeWith: EdgeWith,
  limits: Partial<WireLimits>,
  says: string,
): Promise<number | undefined> {
  const edge = await edgeWith(limits)
  edge.origin.answerWith((_request, socket) => void socket.write(says))
  const { answers } = await converse(await edge.connect(), { send: get('Connection: close') })
  return statusesOf(answers)[0]
}

/** The origin answers only when `count` requests are there, each on a connection of its own. */
async function answeredTogether(edge: Edge, count: number): Promise<void> {
  const held: (() => void)[] = []
  edge.origin.answerWith((request, socket, index) => {
    held.push(() => confirm(request, socket, index))
    if (held.length === count) for (const release of held) release()
  })
  const clients = await Promise.all(Array.from({ length: count }, () => edge.connect()))
  const answers = clients.map((client) => readToEnd(client))
  for (const client of clients) client.write(get('Connection: close'))
  for (const text of await Promise.all(answers)) expect(text).toMatch(/^HTTP\/1\.1 200 /)
  expect(edge.origin.connections).toHaveLength(count)
}

const livingOf = ({ origin }: Edge) => origin.connections.filter(({ destroyed }) => !destroyed)

/** Limits towards the origin. */
export const upstreamLimits = {
  upstreamConnectTimeoutMs: async (edgeWith) => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const upstreamPort = address !== null && typeof address === 'object' ? address.port : 0
    const edge = await edgeWith(
      { upstreamConnectTimeoutMs: 50 },
      { upstreamPort, upstreamTls: trustNobody },
    )
    const { answers } = await converse(await edge.connect(), { send: get('Connection: close') })
    expect(answers[0]?.body).toBe('wire/upstream-timeout')
    silent.close()
  },
  upstreamConnectionsMax: async (edgeWith) => {
    const edge = await edgeWith({ upstreamConnectionsMax: 2 })
    const held: (() => void)[] = []
    edge.origin.answerWith((request, socket, index) => {
      held.push(() => confirm(request, socket, index))
      if (index === 2) for (const release of held) release()
    })
    const clients = await Promise.all([1, 2, 3].map(() => edge.connect()))
    const answers = clients.map((client) => readToEnd(client))
    for (const client of clients) client.write(get('Connection: close'))
    await edge.until(() => edge.seen.runs.length === 3)
    await vi.waitFor(() => expect(held).toHaveLength(2))
    held.shift()?.()
    for (const text of await Promise.all(answers)) expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(edge.origin.connections).toHaveLength(2)
  },
  upstreamWaitingMax: async (edgeWith) => {
    const edge = await edgeWith({ upstreamConnectionsMax: 1, upstreamWaitingMax: 1 })
    edge.origin.answerWith(() => {})
    const clients = await Promise.all([1, 2, 3].map(() => edge.connect()))
    for (const client of clients) client.write(get())
    await edge.until(() => edge.seen.upstreamErrors.includes('wire/upstream-overloaded'))
    expect(edge.seen.upstreamErrors).toHaveLength(1)
  },
  upstreamIdleConnectionsMax: async (edgeWith) => {
    const edge = await edgeWith({ upstreamIdleConnectionsMax: 1 })
    await answeredTogether(edge, 3)
    await vi.waitFor(() => expect(livingOf(edge)).toHaveLength(1))
  },
  upstreamIdleTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ upstreamIdleTimeoutMs: 50 })
    await answeredTogether(edge, 2)
    await vi.waitFor(() => expect(livingOf(edge)).toHaveLength(0))
  },
  upstreamUnrepeatableIdleMs: async (edgeWith) => {
    const edge = await edgeWith({ upstreamUnrepeatableIdleMs: 1 })
    const client = await edge.connect()
    client.write(get())
    await readUntil(client, (text) => text.endsWith('GET / HTTP/1.1'))
    const idleSince = performance.now()
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(idleSince + 2))
    client.write(post(['Content-Length: 2', 'Connection: close'], 'ab'))
    await readToEnd(client)
    expect(edge.origin.connections).toHaveLength(2)
  },
  upstreamExchangeIdleTimeoutMs: async (edgeWith) => {
    const edge = await edgeWith({ upstreamExchangeIdleTimeoutMs: 50 })
    edge.origin.answerWith(() => {})
    const { answers } = await converse(await edge.connect(), { send: get('Connection: close') })
    expect(statusesOf(answers)).toEqual([504])
  },
  upstreamInformationalMax: async (edgeWith) => {
    expect(
      await answerTo(
        edgeWith,
        { upstreamInformationalMax: 2 },
        'HTTP/1.1 103 A\r\n\r\n'.repeat(2) + empty,
      ),
    ).toBe(200)
    expect(
      await answerTo(
        edgeWith,
        { upstreamInformationalMax: 2 },
        'HTTP/1.1 103 A\r\n\r\n'.repeat(3) + empty,
      ),
    ).toBe(502)
  },
  chunkLineBytesMax: async (edgeWith) => {
    const edge = await edgeWith({ chunkLineBytesMax: 20 })
    edge.origin.answerWith((_request, socket) => {
      socket.write(`${chunkHead}5;${'a'.repeat(20)}\r\nhello\r\n0\r\n\r\n`)
    })
    const client = await edge.connect()
    client.write(get('Connection: close'))
    expect(await readToEnd(client)).not.toContain('hello')
    await edge.until(() => edge.seen.upstreamErrors.includes('wire/upstream-protocol'))
  },
  trailerBytesMax: async (edgeWith) => {
    const edge = await edgeWith({ trailerBytesMax: 20 })
    edge.origin.answerWith((_request, socket) => {
      socket.write(`${chunkHead}0\r\n${'X: a\r\n'.repeat(4)}\r\n`)
    })
    const client = await edge.connect()
    client.write(get('Connection: close'))
    await readToEnd(client)
    await edge.until(() => edge.seen.upstreamErrors.includes('wire/upstream-protocol'))
  },
} satisfies Partial<Record<keyof WireLimits, Proof>>
