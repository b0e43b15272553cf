import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { listenersOfFile } from './file-listeners.fixture.ts'
import {
  connectClient,
  connectRaw,
  domainsOf,
  readToEnd,
  settingsOf,
  type TestListener,
} from './listener.fixture.ts'

const { material, openDefault } = listenersOfFile()

const firstFault = (listener: TestListener) => listener.until(() => listener.faults[0])
const expectNothingHandled = (listener: TestListener) => {
  expect(listener.accepted).toEqual([])
  expect(listener.refused).toEqual([])
  expect(listener.handled).toEqual([])
}

/** Bytes of a real ClientHello. */
async function recordHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connectClient(port).catch(() => {})
  const [socket] = await accepted
  const [hello] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  server.close()
  await client
  return hello
}

describe('before a ClientHello was read', () => {
  test('plain HTTP is closed without a byte and named', async () => {
    const listener = await openDefault()
    const socket = await connectRaw(listener.port)
    const localPort = socket.localPort
    socket.write('GET /secret HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n')
    expect(await readToEnd(socket)).toBe('')
    const { fault, peer, hello, domain } = await firstFault(listener)
    expect(fault).toEqual({ kind: 'not-tls', detail: 'plain HTTP (GET) on a TLS port' })
    expect(peer).toMatchObject({ address: '127.0.0.1', port: localPort, localPort: listener.port })
    expect([hello, domain]).toEqual([null, null])
    expectNothingHandled(listener)
  })

  test('other bytes are closed and named', async () => {
    const listener = await openDefault()
    const socket = await connectRaw(listener.port)
    socket.write(Buffer.from([0x80, 0x2e, 1, 3, 1]))
    expect(await readToEnd(socket)).toBe('')
    expect((await firstFault(listener)).fault).toEqual({
      kind: 'not-tls',
      detail: 'first byte 0x80 instead of a TLS record',
    })
  })

  test('a hello larger than the limit is refused as soon as its length is known', async () => {
    const listener = await openDefault()
    const socket = await connectRaw(listener.port)
    socket.write(Buffer.from([22, 3, 1, 0x40, 0, 1, 1, 0, 0]))
    expect(await readToEnd(socket)).toBe('')
    expect((await firstFault(listener)).fault.kind).toBe('hello-too-large')
  })

  test('a malformed hello is refused', async () => {
    const listener = await openDefault()
    const socket = await connectRaw(listener.port)
    socket.write(Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 3]))
    expect(await readToEnd(socket)).toBe('')
    expect((await firstFault(listener)).fault.kind).toBe('hello-malformed')
  })

  test('a hello that does not come in time ends the connection, however it trickles', async () => {
    const listener = await openDefault({ limits: { clientHelloTimeoutMs: 150 } })
    const socket = await connectRaw(listener.port)
    const hello = await recordHello()
    let at = 0
    const trickle = setInterval(() => socket.write(hello.subarray(at, ++at)), 10)
    expect(await readToEnd(socket)).toBe('')
    clearInterval(trickle)
    expect((await firstFault(listener)).fault.kind).toBe('timeout')
  })

  test('a client that leaves is reported', async () => {
    const listener = await openDefault()
    const socket = await connectRaw(listener.port)
    socket.end(Buffer.from([22, 3]))
    expect((await firstFault(listener)).fault).toEqual({
      kind: 'closed-by-peer',
      detail: 'closed after 2 bytes of a ClientHello',
    })
  })

  test('a hello sent byte by byte is understood', async () => {
    const listener = await openDefault({ accept: () => 'anybody' })
    const relay = createServer(async (client) => {
      const upstream = connect(listener.port, '127.0.0.1')
      upstream.setNoDelay(true)
      upstream.on('error', () => {})
      client.on('error', () => {})
      upstream.pipe(client)
      const [hello] = (await once(client, 'data')) as [Buffer]
      client.pause()
      for (const byte of hello) {
        // Each byte leaves in a segment of its own: the next waits until it was written.
        await new Promise<void>((resolve) => upstream.write(Buffer.from([byte]), () => resolve()))
        await new Promise((resolve) => setImmediate(resolve))
      }
      client.pipe(upstream)
    }).listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const address = relay.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const client = await connectClient(port)
    await listener.until(() => listener.accepted.length === 1)
    expect(listener.accepted[0]?.serverName).toBe('a.test.localhost')
    client.destroy()
    relay.close()
  })
})

describe('during the handshake', () => {
  test('a version outside the range is named', async () => {
    const listener = await openDefault({
      domains: domainsOf({ 'a.test.localhost': settingsOf(material(), { minVersion: 'TLSv1.3' }) }),
    })
    await expect(connectClient(listener.port, { maxVersion: 'TLSv1.2' })).rejects.toThrow()
    const { fault, hello, domain } = await firstFault(listener)
    expect(fault.kind).toBe('protocol-version')
    expect(hello?.serverName).toBe('a.test.localhost')
    expect(domain?.settings.minVersion).toBe('TLSv1.3')
    expectNothingHandled(listener)
  })

  test.each([
    ['cipher suite', { ciphers: 'ECDHE-ECDSA-AES128-SHA', maxVersion: 'TLSv1.2' }],
    ['group', { ecdhCurve: 'P-521' }],
    ['signature algorithm', { sigalgs: 'rsa_pss_rsae_sha512' }],
  ] as const)('no common %s is named', async (_name, options) => {
    const listener = await openDefault()
    await expect(connectClient(listener.port, options)).rejects.toThrow()
    expect((await firstFault(listener)).fault.kind).toBe('no-shared-cipher')
    expectNothingHandled(listener)
  })

  test('a client that leaves after its hello is reported', async () => {
    const listener = await openDefault()
    const socket = await connectRaw(listener.port)
    socket.write(await recordHello())
    await once(socket, 'data')
    socket.end()
    const { fault, hello } = await firstFault(listener)
    expect(fault.kind).toBe('closed-by-peer')
    expect(hello?.serverName).toBe('a.test.localhost')
    expectNothingHandled(listener)
  })

  test('a handshake that does not finish in time is ended', async () => {
    const listener = await openDefault({ limits: { handshakeTimeoutMs: 50 } })
    const socket = await connectRaw(listener.port)
    socket.write(await recordHello())
    await readToEnd(socket)
    expect((await firstFault(listener)).fault.kind).toBe('timeout')
    expectNothingHandled(listener)
  })

  test('a client that refuses our certificate is reported with its alert', async () => {
    const listener = await openDefault()
    await expect(
      connectClient(listener.port, { rejectUnauthorized: true, ca: [] }),
    ).rejects.toThrow()
    const { fault } = await firstFault(listener)
    expect(['tls-error', 'closed-by-peer']).toContain(fault.kind)
    expectNothingHandled(listener)
  })

  test.each(['ec-p256', 'rsa2048'] as const)(
    'a signature that the key of the certificate did not make is named (%s)',
    async (keyType) => {
      const listener = await openDefault()
      const leaf = await material().alpha.issue({ subject: 'CN=thief', keyType })
      const relay = await openTamperingRelay(listener.port)
      const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
      const client = connectClient(relay.port, { ...identity, maxVersion: 'TLSv1.2' })
      await expect(client).rejects.toThrow()
      expect((await firstFault(listener)).fault).toMatchObject({ kind: 'bad-signature' })
      expectNothingHandled(listener)
      relay.close()
    },
  )
})

/** Changes the signature in a TLS 1.2 CertificateVerify, which goes in clear (RFC 5246 section 7.4.8). */
async function openTamperingRelay(target: number): Promise<{ port: number; close: () => void }> {
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => {})
    upstream.pipe(client)
    client.on('data', (chunk: Buffer) => upstream.write(tamper(chunk)))
    client.on('close', () => upstream.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { port, close: () => server.close() }
}

function tamper(flight: Buffer): Buffer {
  for (let at = 0; at + 5 <= flight.length; ) {
    const length = flight.readUInt16BE(at + 3)
    // Record type 22 (handshake), message type 15 (certificate_verify).
    if (flight[at] === 22 && flight[at + 5] === 15) {
      const last = at + 5 + length - 1
      flight[last] = (flight[last] ?? 0) ^ 1
    }
    at += 5 + length
  }
  return flight
}
