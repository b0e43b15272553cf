import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { silentLogger } from '@twinlatch/kit'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Exchange } from '../exchange.ts'
import {
  connectClient,
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  readToEnd,
  settingsOf,
  type TestListener,
} from '../tls/listener.fixture.ts'
import { openScriptedServer, type ScriptedServer } from '../upstream/upstream.fixture.ts'
import { createUpstreamPool } from '../upstream/upstream-pool.ts'
import type { UpstreamPool } from '../upstream.ts'

/** More than all buffers on the way hold together (kernel, TLS and streams). */
const largeBytes = 24 * 1024 * 1024

let material: Material
let pool: UpstreamPool
const stops: (() => unknown)[] = []
beforeAll(async () => {
  material = await createMaterial()
})
beforeEach(() => {
  pool = createUpstreamPool({ log: silentLogger })
})
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
  await pool.stop()
})

/** A listener that hands every request on to `upstream` and its answer back. */
async function openForwarding(upstream: ScriptedServer): Promise<TestListener> {
  const plain = { requestClientCertificate: false, clientAuthoritiesPem: [] }
  const listener = await openTestListener({
    domains: domainsOf({ 'a.test.localhost': settingsOf(material, plain) }),
    handle: async (exchange: Exchange<string>) => {
      const { method, target, headers } = exchange.request
      const response = await pool.request({
        target: { host: '127.0.0.1', port: upstream.port, tls: null },
        method,
        path: target,
        headers,
        body: exchange.body,
        signal: exchange.signal,
      })
      await exchange.respond(response, response.body)
    },
  })
  stops.push(() => listener.stop())
  return listener
}

async function openUpstream(onConnection: (socket: Socket, index: number) => void) {
  const server = await openScriptedServer(onConnection)
  stops.push(() => server.stop())
  return server
}

const head = (more: string) => `POST /x HTTP/1.1\r\nHost: a.test.localhost\r\n${more}\r\n`

async function collect(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let received = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    received += chunk.length
    if (received >= bytes) break
  }
  return Buffer.concat(chunks)
}

/** Writes until the socket wants a pause that lasts, and answers how many bytes it had taken. */
async function writeUntilBlocked(socket: Socket, total: number): Promise<number> {
  const chunk = Buffer.alloc(65_536, 'x')
  let written = 0
  while (written < total) {
    written += chunk.length
    if (socket.write(chunk)) continue
    const drained = once(socket, 'drain').then(() => true)
    // That nothing happens can only be seen by waiting a little.
    const blocked = new Promise<false>((resolve) => setTimeout(() => resolve(false), 300))
    if (!(await Promise.race([drained, blocked]))) return written
  }
  return written
}

describe('bodies', () => {
  test('of 4 MiB arrive unchanged in both directions at once', async () => {
    const body = randomBytes(4 * 1024 * 1024)
    const upstream = await openUpstream((socket) => {
      let first = true
      socket.on('data', (chunk: Buffer) => {
        // Echoes what follows the head, which is one write of the client under test.
        const rest = first ? chunk.subarray(chunk.indexOf('\r\n\r\n') + 4) : chunk
        if (first) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
        first = false
        if (rest.length > 0 && !socket.write(rest)) socket.pause()
      })
      socket.on('drain', () => socket.resume())
    })
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(head(`Content-Length: ${body.length}\r\nConnection: close\r\n`))
    client.write(body)
    const answer = await readToEnd(client)
    const at = answer.indexOf('\r\n\r\n') + 4
    expect(answer.slice(0, at)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(Buffer.from(answer.slice(at), 'latin1').equals(body)).toBe(true)
  })

  test('of requests wait for an upstream that does not read', async () => {
    const upstream = await openUpstream((socket) => void socket.pause())
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(head(`Content-Length: ${largeBytes}\r\n`))
    expect(await writeUntilBlocked(client, largeBytes)).toBeLessThan(largeBytes)
    client.destroy()
  })

  test('of answers wait for a client that does not read', async () => {
    let written = Promise.resolve(0)
    const upstream = await openUpstream((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${largeBytes}\r\n\r\n`)
        written = writeUntilBlocked(socket, largeBytes)
      })
    })
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.pause()
    client.write(head('Content-Length: 0\r\n'))
    await upstream.received(0, /\r\n\r\n/)
    expect(await written).toBeLessThan(largeBytes)
    client.destroy()
  })

  test('of requests that come in chunks over time stay chunked', async () => {
    const upstream = await openUpstream((socket) => {
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('0\r\n\r\n')) socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      })
    })
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(`${head('Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n`)
    await upstream.received(0, /hello/)
    client.write('0\r\n\r\n')
    expect(String(await collect(client, 1))).toMatch(/^HTTP\/1\.1 204/)
    expect(await upstream.received(0, /0\r\n\r\n$/)).toMatch(
      /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
    )
  })
})

describe('one side that goes away', () => {
  test.each<[string, (client: TLSSocket) => void]>([
    ['closes', (client) => void client.end()],
    ['resets', (client) => void client.destroy()],
  ])(
    'the client %s while its answer is awaited: the upstream connection ends',
    async (_name, leave) => {
      const upstream = await openUpstream(() => {})
      const listener = await openForwarding(upstream)
      const client = await connectClient(listener.port)
      client.write(head('Content-Length: 0\r\n'))
      await upstream.received(0, /\r\n\r\n/)
      leave(client)
      const [socket] = upstream.connections
      if (socket && !socket.readableEnded) await once(socket, 'end')
      expect(listener.handled[0]?.signal.aborted).toBe(true)
    },
  )

  test('the client during its upload: the upstream sees the body break off, not end', async () => {
    const upstream = await openUpstream(() => {})
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(`${head('Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n`)
    await upstream.received(0, /hello\r\n$/)
    client.destroy()
    const [socket] = upstream.connections
    if (socket && !socket.readableEnded) await once(socket, 'end')
    expect(await upstream.received(0, /hello/)).not.toMatch(/0\r\n\r\n$/)
  })

  test('the client during its download: the upstream connection ends', async () => {
    const upstream = await openUpstream((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'))
    })
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(head('Content-Length: 0\r\n'))
    await once(client, 'data')
    client.destroy()
    const [socket] = upstream.connections
    if (socket && !socket.readableEnded) await once(socket, 'end')
  })

  test('the upstream in the middle of its answer: the client sees the body break off, not end', async () => {
    const upstream = await openUpstream((socket) => {
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
      )
    })
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(head('Content-Length: 0\r\n'))
    expect(await readToEnd(client)).not.toMatch(/0\r\n\r\n$/)
  })

  test('the upstream answers before the upload is over: the answer arrives, then the connection closes', async () => {
    const upstream = await openUpstream((socket) => {
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 413 Payload Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge',
        ),
      )
    })
    const listener = await openForwarding(upstream)
    const client = await connectClient(listener.port)
    client.write(head('Content-Length: 1000000\r\n'))
    client.write('part of it')
    const answer = await readToEnd(client)
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nconnection: close\r\n[\s\S]*large$/)
  })
})
