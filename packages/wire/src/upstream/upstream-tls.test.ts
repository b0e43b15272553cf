import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { Secret } from '@twinlatch/kit'
import { beforeAll, describe, expect, test } from 'vitest'
import { createMaterial, type Material } from '../tls/listener.fixture.ts'
import type { UpstreamTls } from '../upstream.ts'
import { ok, poolOfEachTest } from './pool.fixture.ts'
import { answering, listenOn } from './upstream.fixture.ts'

const { servers, limit, open, get } = poolOfEachTest()

describe('a TLS upstream', () => {
  let material: Material
  beforeAll(async () => {
    material = await createMaterial()
  })

  async function openTls(options: TlsOptions = {}, onPeer: (socket: TLSSocket) => void = () => {}) {
    const server = createTlsServer(
      { cert: material.serverChainPem, key: material.serverKeyPem, ca: [], ...options },
      (socket) => {
        onPeer(socket)
        socket.on('error', () => {})
        answering(ok)(socket)
      },
    )
    server.on('tlsClientError', () => {})
    const port = await listenOn(server)
    servers.push({ stop: () => server.close() })
    return port
  }

  const trust = (changes: Partial<UpstreamTls> = {}): UpstreamTls => ({
    serverName: 'a.test.localhost',
    authoritiesPem: [material.server.rootPem],
    certificateChainPem: null,
    privateKeyPem: null,
    ...changes,
  })
  const call = (port: number, tls: UpstreamTls, host = 'a.test.localhost') =>
    get(port, { target: { host, port, tls } })
  const mutual: TlsOptions = { requestCert: true, rejectUnauthorized: true }

  test('is called under a .localhost name, its name sent and verified', async () => {
    let name: string | false | null = null
    const port = await openTls({}, (socket) => {
      name = socket.servername
    })
    expect((await call(port, trust())).text).toBe('hello')
    expect(name).toBe('a.test.localhost')
  })

  test('gets our certificate with its chain', async () => {
    const peers: string[] = []
    const port = await openTls({ ...mutual, ca: [material.alpha.rootPem] }, (socket) => {
      peers.push(socket.getPeerX509Certificate()?.subject ?? '')
    })
    const leaf = await material.alpha.issue({ subject: 'CN=poster' })
    const identity = {
      certificateChainPem: leaf.chainPem,
      privateKeyPem: new Secret(leaf.privateKeyPem),
    }
    expect((await call(port, trust(identity))).text).toBe('hello')
    expect(peers).toEqual(['CN=poster'])
  })

  test('never carries a request of one identity on the connection of another', async () => {
    const peers: string[] = []
    const port = await openTls({ ...mutual, ca: [material.alpha.rootPem] }, (socket) => {
      peers.push(socket.getPeerX509Certificate()?.subject ?? '')
    })
    const identities = await Promise.all(
      ['CN=one', 'CN=two'].map(async (subject) => {
        const leaf = await material.alpha.issue({ subject })
        return trust({
          certificateChainPem: leaf.chainPem,
          privateKeyPem: new Secret(leaf.privateKeyPem),
        })
      }),
    )
    for (const _round of [1, 2]) {
      for (const tls of identities) await call(port, tls)
    }
    expect(peers).toEqual(['CN=one', 'CN=two'])
  })

  test.each<[string, () => Partial<UpstreamTls>, string]>([
    [
      'of an authority that we do not trust',
      () => ({ authoritiesPem: [material.alpha.rootPem] }),
      'wire/upstream-tls-untrusted',
    ],
    ['when we trust nobody', () => ({ authoritiesPem: [] }), 'wire/upstream-tls-untrusted'],
    ['with another name', () => ({ serverName: 'else.test.localhost' }), 'wire/upstream-tls-name'],
    ['with another address', () => ({ serverName: '127.0.0.1' }), 'wire/upstream-tls-name'],
    [
      'with a key that is not ours',
      () => ({ certificateChainPem: material.serverChainPem, privateKeyPem: new Secret('x') }),
      'wire/unusable-certificate',
    ],
  ])('is refused %s', async (_name, changes, code) => {
    const port = await openTls()
    await expect(call(port, trust(changes()))).rejects.toMatchObject({ code })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that wanted a client certificate says so (%s)',
    async (version) => {
      const port = await openTls({ ...mutual, ca: [material.alpha.rootPem], maxVersion: version })
      await expect(call(port, trust())).rejects.toMatchObject({
        code: 'wire/upstream-wanted-client-certificate',
      })
    },
  )

  test('that does not take our certificate says so', async () => {
    const port = await openTls({ ...mutual, ca: [material.alpha.rootPem] })
    const leaf = await material.beta.issue({ subject: 'CN=stranger' })
    const identity = {
      certificateChainPem: leaf.chainPem,
      privateKeyPem: new Secret(leaf.privateKeyPem),
    }
    await expect(call(port, trust(identity))).rejects.toMatchObject({
      code: expect.stringMatching(/^wire\/upstream-(tls-failed|reset|closed)$/),
    })
  })

  test('that speaks no TLS is named', async () => {
    const server = await open((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    await expect(call(server.port, trust())).rejects.toMatchObject({
      code: 'wire/upstream-tls-failed',
    })
  })

  test('whose answer only the end of the connection would end is refused: a cut looks the same', async () => {
    const server = createTlsServer(
      { cert: material.serverChainPem, key: material.serverKeyPem },
      (socket) => {
        socket.on('error', () => {})
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhalf of a payment'))
      },
    )
    const port = await listenOn(server)
    servers.push({ stop: () => server.close() })
    await expect(call(port, trust())).rejects.toMatchObject({ code: 'wire/upstream-protocol' })
  })

  test('that does not finish the handshake in time is named', async () => {
    limit({ upstreamConnectTimeoutMs: 50 })
    const server = await open()
    await expect(call(server.port, trust())).rejects.toMatchObject({
      code: 'wire/upstream-timeout',
    })
  })
})
