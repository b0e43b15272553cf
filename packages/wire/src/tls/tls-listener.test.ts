import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { silentLogger } from '@twinlatch/kit'
import { encodePem } from '@twinlatch/pki'
import { describe, expect, test, vi } from 'vitest'
import type { ListenerHandler } from '../exchange.ts'
import { listenersOfFile } from './file-listeners.fixture.ts'
import {
  connectClient,
  connectRaw,
  domainsOf,
  readToEnd,
  readUntil,
  settingsOf,
} from './listener.fixture.ts'
import { createTlsDomain } from './tls-domain.ts'
import { openTlsListener } from './tls-listener.ts'

const { material, openDefault, identity } = listenersOfFile()

const request = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n'
const get = async (socket: TLSSocket) => {
  socket.write(request)
  return readUntil(socket, /hello$/)
}
const intermediatePem = () =>
  material()
    .alpha.intermediates.map(({ raw }) => encodePem('CERTIFICATE', raw))
    .join('')

describe('an accepted connection', () => {
  test.each(['127.0.0.1', '::1'])(
    'is served on %s with the facts of its handshake',
    async (host) => {
      const listener = await openDefault()
      const { leaf, cert, key } = await identity('alpha')
      const client = await connectClient(listener.port, { host, cert, key })
      const localPort = client.localPort
      expect(await get(client)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      client.destroy()
      expect(listener.accepted).toHaveLength(1)
      expect(listener.accepted[0]).toMatchObject({
        protocol: 'TLSv1.3',
        resumed: false,
        serverName: 'a.test.localhost',
        verified: true,
        verifyError: null,
      })
      expect(listener.accepted[0]?.peerCertificates.map((der) => Buffer.from(der))).toEqual(
        leaf.chain.map(({ raw }) => Buffer.from(raw)),
      )
      expect(listener.peers[0]).toMatchObject({
        address: host,
        port: localPort,
        localPort: listener.port,
      })
      expect(listener.handled[0]?.connection.context).toBe('accepted')
    },
  )

  test('may come without a certificate where none is asked for', async () => {
    const listener = await openDefault()
    const { cert, key } = await identity('alpha')
    const client = await connectClient(listener.port, {
      servername: 'plain.test.localhost',
      cert,
      key,
    })
    await get(client)
    expect(listener.accepted[0]).toMatchObject({ verified: false, verifyError: null })
    expect(listener.accepted[0]?.peerCertificates).toEqual([])
    client.destroy()
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'has every certificate that was sent, in the order sent (%s)',
    async (version) => {
      const listener = await openDefault({ accept: () => 'anybody' })
      const { leaf, cert, key } = await identity('alpha')
      const stranger = (await identity('beta')).leaf.chain[1]
      const sent = [...leaf.chain, ...(stranger ? [stranger] : [])]
      const pem = cert + encodePem('CERTIFICATE', stranger?.raw ?? new Uint8Array())
      const client = await connectClient(listener.port, { cert: pem, key, maxVersion: version })
      await get(client)
      expect(listener.accepted[0]?.verified).toBe(true)
      expect(listener.accepted[0]?.peerCertificates.map((der) => Buffer.from(der))).toEqual(
        sent.map(({ raw }) => Buffer.from(raw)),
      )
      client.destroy()
    },
  )
})

describe('an intermediate alone in the bundle is an anchor', () => {
  test.each([
    ['with SNI, intermediate sent', 'a.test.localhost', 'valid'],
    ['with SNI, leaf alone sent', 'a.test.localhost', 'missing-intermediate'],
    ['without SNI, intermediate sent', '', 'valid'],
    ['without SNI, leaf alone sent', '', 'missing-intermediate'],
  ] as const)('%s', async (_name, servername, shape) => {
    const settings = settingsOf(material(), { clientAuthoritiesPem: [intermediatePem()] })
    const listener = await openDefault({
      domains: domainsOf({ 'a.test.localhost': settings, '': settings }),
    })
    const order = shape === 'valid' ? {} : { shape }
    const { cert, key } = await identity('alpha', order)
    const client = await connectClient(listener.port, { servername, cert, key })
    await get(client)
    expect(listener.accepted[0]).toMatchObject({
      verified: true,
      serverName: servername === '' ? null : servername,
    })
    client.destroy()
  })
})

describe('a listener', () => {
  test('closes a connection for which there is no domain, without a byte', async () => {
    const listener = await openDefault()
    const client = connectClient(listener.port, { servername: 'unknown.test.localhost' })
    await expect(client).rejects.toThrow()
    expect(listener.faults).toEqual([])
    expect(listener.accepted).toEqual([])
  })

  test('refuses further handshakes of a domain that was closed, and keeps its connections', async () => {
    const domain = createTlsDomain(settingsOf(material()), { sessionIdContext: 'a' })
    const listener = await openDefault({ domains: new Map([['a.test.localhost', domain]]) })
    const { cert, key } = await identity('alpha')
    const client = await connectClient(listener.port, { cert, key })
    await get(client)
    domain.close()
    await get(client)
    await expect(connectClient(listener.port, { cert, key })).rejects.toThrow()
    client.destroy()
  })

  test('names a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const options = { hosts: ['127.0.0.1'], port, log: silentLogger }
    await expect(
      openTlsListener({ ...options, handler: {} as ListenerHandler<string> }),
    ).rejects.toMatchObject({
      code: 'wire/port-in-use',
      message: expect.stringContaining(`${port}`),
    })
    taken.close()
  })

  test('leaves out an address that the machine lacks', async () => {
    // RFC 5737 section 3: documentation addresses belong to nobody.
    const listener = await openDefault({ hosts: ['127.0.0.1', '192.0.2.1'] })
    const { cert, key } = await identity('alpha')
    const client = await connectClient(listener.port, { cert, key })
    await get(client)
    client.destroy()
  })

  test('takes no more connections than its limit', async () => {
    const listener = await openDefault({ limits: { openConnectionsMax: 1 } })
    const first = await connectRaw(listener.port)
    const second = await connectRaw(listener.port)
    expect(await readToEnd(second)).toBe('')
    expect(listener.faults[0]?.fault.kind).toBe('limit')
    first.destroy()
  })

  test('takes no more connections of one address than its limit, and again when one ends', async () => {
    const listener = await openDefault({ limits: { openConnectionsPerAddressMax: 1 } })
    const first = await connectRaw(listener.port)
    expect(await readToEnd(await connectRaw(listener.port))).toBe('')
    expect(listener.faults[0]?.fault).toMatchObject({
      kind: 'limit',
      detail: expect.stringContaining('one address'),
    })
    first.destroy()
    const { cert, key } = await identity('alpha')
    // Until the listener has seen the end of the first.
    await vi.waitFor(async () => {
      const client = await connectClient(listener.port, { cert, key })
      await get(client)
      client.destroy()
    })
  })

  test('that stops lets a running request finish, says close, and takes nothing new', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const listener = await openDefault({
      handle: async (exchange) => {
        await held
        await exchange.respond({ status: 200, headers: [] }, 'hello')
      },
    })
    const { cert, key } = await identity('alpha')
    const busy = await connectClient(listener.port, { cert, key })
    const idle = await connectClient(listener.port, { cert, key })
    await listener.until(() => listener.accepted.length === 2)
    busy.write(request)
    await listener.until(() => listener.handled.length === 1)
    const stopped = listener.listener.stop({ graceMs: 10_000 })
    await readToEnd(idle)
    await expect(connectClient(listener.port, { cert, key })).rejects.toThrow()
    const answer = readToEnd(busy)
    release()
    expect(await answer).toMatch(/\r\nconnection: close\r\n[\s\S]*hello$/)
    await stopped
  })

  test('that stops destroys what is not finished within the grace time', async () => {
    const listener = await openDefault({ handle: () => new Promise(() => {}) })
    const { cert, key } = await identity('alpha')
    const client = await connectClient(listener.port, { cert, key })
    client.write(request)
    const exchange = await listener.until(() => listener.handled[0])
    const ended = readToEnd(client)
    await Promise.race([
      listener.listener.stop({ graceMs: 1 }),
      delay(10_000, undefined, { ref: false }).then(() => {
        throw new Error('not stopped')
      }),
    ])
    expect(await ended).toBe('')
    expect(exchange.signal.aborted).toBe(true)
  })
})
