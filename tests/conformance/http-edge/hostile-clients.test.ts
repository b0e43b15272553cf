import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { chunked, get, H, hidden, post } from './cases/case.ts'
import { createEdgeMaterial, type Edge, type EdgeMaterial, host, openEdge } from './edge.ts'
import { converse, readToEnd, readUntil, statusesOf } from './raw-client.ts'

vi.setConfig({ testTimeout: 20_000 })

/** `TWINLATCH_LONG=1` opens and drops ten thousand. */
const dropped = process.env['TWINLATCH_LONG'] ? 10_000 : 300

let material: EdgeMaterial
let edge: Edge
beforeAll(async () => {
  material = await createEdgeMaterial()
})
afterEach(() => edge.stop())

/** The edge still serves everybody else, at once, and holds nothing of who has left. */
async function servesOthers(): Promise<void> {
  const { answers } = await converse(await edge.connect(), { send: get('Connection: close') })
  expect(statusesOf(answers)).toEqual([200])
  await edge.until(() => edge.seen.openConnections === 0)
}

async function rawSocket(): Promise<Socket> {
  const socket = connectTcp(edge.listener.port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

describe('slow clients are cut off, and nobody waits for them', () => {
  test.each<[string, string, string]>([
    ['a request line', 'GET /', 'a'],
    ['header lines', `GET / HTTP/1.1\r\n${H}`, 'X: a\r\n'],
    ['one endless value', `GET / HTTP/1.1\r\n${H}X: `, 'a'],
    ['empty lines', '\r\n', '\r\n'],
  ])('that drip %s', async (_name, first, drop) => {
    edge = await openEdge(material, { limits: { requestHeadersTimeoutMs: 200 } })
    const clients = await Promise.all(Array.from({ length: 10 }, () => edge.connect()))
    const ends = clients.map(readToEnd)
    for (const client of clients) client.write(first)
    const drip = setInterval(() => {
      for (const client of clients) if (client.writable) client.write(drop)
    }, 20)
    for (const text of await Promise.all(ends)) expect(text).toMatch(/^HTTP\/1\.1 40[08] |^$/)
    clearInterval(drip)
    expect(edge.seen.runs).toEqual([])
    await servesOthers()
  })

  test('that drip a body are cut by the time for a request, and the origin gets no whole one', async () => {
    edge = await openEdge(material, {
      limits: { requestTimeoutMs: 300, requestHeadersTimeoutMs: 200 },
    })
    const client = await edge.connect()
    const ended = readToEnd(client)
    client.write(chunked(''))
    const drip = setInterval(() => client.writable && client.write('1\r\na\r\n'), 20)
    expect(await ended).toMatch(/^HTTP\/1\.1 408 |^$/)
    clearInterval(drip)
    expect(edge.origin.requests).toEqual([])
    await servesOthers()
  })

  test('that do not read their answer are cut by the idle limit, and the origin is let go', async () => {
    edge = await openEdge(material, { limits: { exchangeIdleTimeoutMs: 200 } })
    edge.origin.answerWith((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const more = () => {
        while (socket.writable && socket.write(`10000\r\n${'a'.repeat(0x10000)}\r\n`));
      }
      socket.on('drain', more)
      more()
    })
    const client = await edge.connect()
    client.pause()
    client.write(get())
    await edge.until(() => edge.seen.runs.length === 1)
    await edge.until(() => edge.seen.closed.length === 1)
    await vi.waitFor(() =>
      expect(edge.origin.connections.every(({ destroyed }) => destroyed)).toBe(true),
    )
    edge.origin.reset()
    client.destroy()
    await servesOthers()
  })

  test('that drip a ClientHello', async () => {
    edge = await openEdge(material, { limits: { clientHelloTimeoutMs: 200 } })
    const socket = await rawSocket()
    const ended = once(socket, 'close')
    const bytes = [...Buffer.from('1603010200010001fc0303', 'hex')]
    const drip = setInterval(() => {
      const byte = bytes.shift()
      if (byte !== undefined && socket.writable) socket.write(Buffer.from([byte]))
    }, 10)
    await ended
    clearInterval(drip)
    expect(edge.seen.handshakeFaults).toMatchObject([{ kind: 'timeout' }])
    await servesOthers()
  })
})

describe('clients that close their half', () => {
  // As for Envoy: a close_notify of the client is the end of the connection.
  test('behind a whole request have gone: no answer, and nothing is left open', async () => {
    edge = await openEdge(material)
    edge.origin.answerWith(() => {})
    const client = await edge.connect({ allowHalfOpen: true } as object)
    client.end(get())
    expect((await answersOf(client)).answers).toEqual([])
    await vi.waitFor(() =>
      expect(edge.origin.connections.every(({ destroyed }) => destroyed)).toBe(true),
    )
    edge.origin.reset()
    await servesOthers()
  })

  test.each<[string, string]>([
    ['in a request line', 'GET / HT'],
    ['in a header section', `GET / HTTP/1.1\r\n${H}X`],
    ['in a body', post(['Content-Length: 100'], 'a')],
    ['in a chunk', chunked('a\r\nhello')],
    ['before the last chunk', chunked('5\r\nhello\r\n')],
    ['in the trailers', chunked('5\r\nhello\r\n0\r\nX: a')],
    ['before a byte', ''],
  ])('%s reach nobody and are let go', async (_name, bytes) => {
    edge = await openEdge(material)
    const client = await edge.connect({ allowHalfOpen: true } as object)
    client.end(bytes)
    expect(statusesOf((await answersOf(client)).answers)).not.toContain(200)
    expect(edge.origin.requests).toEqual([])
    await servesOthers()
  })

  test('in the middle of a ClientHello are let go', async () => {
    edge = await openEdge(material)
    const socket = await rawSocket()
    const ended = once(socket, 'close')
    socket.end(Buffer.from('160301', 'hex'))
    await ended
    await servesOthers()
  })
})

describe('clients that are gone', () => {
  test('while the origin works: it is told, and the answer is nobody else’s', async () => {
    edge = await openEdge(material)
    edge.origin.answerWith(() => {})
    const client = await edge.connect()
    client.write(get())
    await edge.until(() => edge.seen.runs.length === 1)
    await vi.waitFor(() => expect(edge.origin.connections).toHaveLength(1))
    client.destroy()
    await edge.until(() => edge.seen.closed.length === 1)
    await vi.waitFor(() => expect(edge.origin.connections[0]?.destroyed).toBe(true))
    edge.origin.reset()
    await servesOthers()
  })

  test(`${dropped} of them, opened and dropped at every stage, leave nothing behind`, async () => {
    edge = await openEdge(material)
    const stages = [dropTcp, dropHello, dropHandshake, dropRequest, resetRequest]
    for (let count = 0; count < dropped; count += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => stages[(count + index) % stages.length]?.()),
      )
    }
    await edge.until(() => edge.seen.openConnections === 0)
    await servesOthers()
    expect(edge.seen.closed.length).toBeGreaterThan(dropped / 5)
  }, 300_000)
})

async function dropTcp(): Promise<void> {
  const socket = await rawSocket()
  socket.destroy()
}

async function dropHello(): Promise<void> {
  const socket = await rawSocket()
  socket.end(Buffer.from('16030102000100', 'hex'))
  await once(socket, 'close')
}

async function dropHandshake(): Promise<void> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: edge.listener.port,
    servername: host,
    rejectUnauthorized: false,
  })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  socket.destroy()
}

async function dropRequest(): Promise<void> {
  const client = await edge.connect()
  client.write(get())
  client.destroy()
}

async function resetRequest(): Promise<void> {
  const socket = await rawSocket()
  const client = await edge.connect({ socket })
  client.write(post(['Content-Length: 100'], 'a'))
  socket.resetAndDestroy()
}

async function answersOf(client: Awaited<ReturnType<Edge['connect']>>) {
  return converse(client, { send: '' })
}

describe('a body that nobody read is never the next request', () => {
  test.each<[string, string]>([
    ['length', post([`Content-Length: ${hidden.length}`])],
    ['chunks', chunked(`${hidden.length.toString(16)}\r\n`)],
  ])('%s', async (_name, head) => {
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    edge = await openEdge(material, {
      handle: async (exchange) => {
        answer()
        await exchange.respond({ status: 200, headers: [] }, 'early')
      },
    })
    const client = await edge.connect()
    const ended = readToEnd(client)
    client.write(head)
    await asked
    client.write(hidden)
    expect(await ended).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*early$/)
    expect(edge.seen.runs).toHaveLength(1)
    await edge.until(() => edge.seen.openConnections === 0)
  })

  test('an early answer of the origin ends both connections', async () => {
    edge = await openEdge(material)
    const client = await edge.connect()
    client.write(post(['Content-Length: 100'], 'a'))
    const early = readUntil(client, (text) => text.endsWith('early'))
    const [connection] = await vi.waitFor(() => {
      expect(edge.origin.unfinished()).toHaveLength(1)
      return edge.origin.connections
    })
    connection?.write('HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly')
    expect(await early).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/)
    await vi.waitFor(() => expect(connection?.destroyed).toBe(true))
    client.destroy()
    await servesOthers()
  })
})
