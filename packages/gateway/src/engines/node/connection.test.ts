import { devSubaccountId, Secret } from '@twinlatch/kit'
import type { Certificate } from '@twinlatch/pki'
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@twinlatch/testing'
import type { TlsFacts, TlsSettings } from '@twinlatch/wire'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CompiledServer } from '../../compiled.ts'
import { admit, type ConnectionContext, recheck } from './connection.ts'
import { Identities } from './identities.ts'
import type { RunningGateway } from './running.ts'
import { createTrustDomain } from './trust-domain.ts'

const now = new Date('2026-11-23T12:00:00Z')
let clients: TestAuthority
let others: TestAuthority
let server: TestCertificate
let client: TestCertificate

beforeAll(async () => {
  clients = await createTestAuthority({ name: 'Clients', now })
  others = await createTestAuthority({ name: 'Others', now })
  server = await others.issue({ subject: 'CN=server', purpose: 'server' })
  client = await clients.issue({ subject: 'CN=orders' })
})

function compiledServer(some: Partial<TlsSettings> = {}): CompiledServer {
  const tls: TlsSettings = {
    certificateChainPem: server.chainPem,
    privateKeyPem: new Secret(server.privateKeyPem),
    requestClientCertificate: true,
    clientAuthoritiesPem: [clients.rootPem],
    crlPem: null,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    cipherSuites: null,
    ...some,
  }
  return {
    key: 'key',
    subaccountId: devSubaccountId,
    gateway: { namespace: 'quovadis', name: 'a' },
    hosts: ['a.localhost'],
    mode: 'MUTUAL',
    certificateRequired: true,
    material: { ready: true, tls, bundleName: 'secret a', ownUriSans: [] },
    pins: { certificateHashes: new Set(), spkiHashes: new Set(), subjectAltNames: [] },
    xfcc: { mode: 'SANITIZE', details: new Set(), meshHop: null },
    gatewayPolicies: {
      empty: true,
      decide: () => ({ allowed: true, code: null, policy: null }),
      trace: () => [],
    },
  }
}

function run(compiled: CompiledServer): RunningGateway {
  const { material } = compiled
  const domain = material.ready ? createTrustDomain(compiled, material.tls) : null
  const port = { servers: [compiled], chooseServer: () => compiled, chooseVirtualHost: () => none }
  return {
    generation: 1,
    ports: new Map([
      [
        443,
        {
          compiled: port,
          servers: new Map([['key', { server: compiled, domain, reason: null }]]),
          constants: new WeakMap(),
        },
      ],
    ]),
  }
}
const none = { kind: 'no-host' } as const

function arrive(
  running: RunningGateway,
  present: RunningGateway,
  resumed = false,
  chain?: Uint8Array[],
) {
  const domain = running.ports.get(443)?.servers.get('key')?.domain
  if (!domain) throw new Error('no domain')
  const peerCertificates = chain ?? client.chain.map(({ raw }) => raw)
  const tls: TlsFacts = {
    ...{ protocol: 'TLSv1.3', cipher: 'x', alpn: null, resumed, serverName: 'a.localhost' },
    ...{ peerCertificates, verified: peerCertificates.length > 0, verifyError: null },
  }
  const peer = { address: '127.0.0.1', port: 1, localPort: 443, acceptedAt: now }
  const known = new Identities().identify(peerCertificates)
  return admit({ port: 443, tls, peer, known, domain }, present, now)
}

function admitted(running: RunningGateway): ConnectionContext {
  const context = arrive(running, running)
  if ('code' in context) throw new Error(context.summary)
  return context
}

test('an admitted peer is not verified again while nothing changes', () => {
  const running = run(compiledServer())
  const context = admitted(running)
  expect(context).toMatchObject({ serverKey: 'key', identity: { subject: 'CN=orders' } })
  expect(context.validUntilMs).toBe(client.certificate.notAfter.getTime())
  expect(recheck(context, running, now)).toBeNull()
})

test('a handshake that a swap overtook is judged by the present bundle', () => {
  const before = run(compiledServer())
  const same = run(compiledServer({ clientAuthoritiesPem: [others.rootPem, clients.rootPem] }))
  expect(arrive(before, same)).toMatchObject({ serverKey: 'key' })
  const withdrawn = run(compiledServer({ clientAuthoritiesPem: [others.rootPem] }))
  expect(arrive(before, withdrawn)).toMatchObject({ code: 'CHN_UNKNOWN_AUTHORITY' })
})

test('a connection is checked once per change, not once per request', () => {
  const context = admitted(run(compiledServer()))
  const next = run(compiledServer({ clientAuthoritiesPem: [others.rootPem, clients.rootPem] }))
  expect(recheck(context, next, now)).toBeNull()
  expect(context.domain).toBe(next.ports.get(443)?.servers.get('key')?.domain)
})

test('a resumed session that brings its leaf alone is verified with the remembered intermediates', () => {
  const running = run(compiledServer())
  const leaf = [client.certificate.raw]
  expect(arrive(running, running, true, leaf)).toMatchObject({ code: 'CHN_UNKNOWN_AUTHORITY' })
  admitted(running)
  expect(arrive(running, running, true, leaf)).toMatchObject({ serverKey: 'key' })
})

test('pins that appear refuse an open connection', () => {
  const context = admitted(run(compiledServer()))
  const pinned = {
    ...compiledServer(),
    pins: {
      certificateHashes: new Set(['00']),
      spkiHashes: new Set<string>(),
      subjectAltNames: [],
    },
  }
  expect(recheck(context, run(pinned), now)).toMatchObject({ code: 'CHN_NOT_PINNED' })
})

test('a host that begins to demand a certificate refuses an open connection without one', () => {
  const optional: CompiledServer = {
    ...compiledServer(),
    mode: 'OPTIONAL_MUTUAL',
    certificateRequired: false,
  }
  const running = run(optional)
  const context = arrive(running, running, false, [])
  if ('code' in context) throw new Error(context.summary)
  expect(recheck(context, running, now)).toBeNull()
  expect(recheck(context, run(compiledServer()), now)).toMatchObject({ code: 'TLS_NO_CLIENT_CERT' })
})

test('a host that asks for no certificate any more gives the connection up', () => {
  const context = admitted(run(compiledServer()))
  const simple = run(compiledServer({ requestClientCertificate: false, clientAuthoritiesPem: [] }))
  expect(recheck(context, simple, now)).toMatchObject({ code: 'ACC_DRAINING' })
})

describe('an open connection after the revocation list of the host has changed', () => {
  const runWith = async (revoked: readonly Certificate[], from = clients) =>
    run(compiledServer({ crlPem: await from.revocationLists(revoked) }))

  test('lives on while its certificate is on no list', async () => {
    const context = admitted(run(compiledServer()))
    expect(recheck(context, await runWith([]), now)).toBeNull()
  })

  test('is refused when its certificate, or the issuer of it, was revoked', async () => {
    const context = admitted(await runWith([]))
    for (const revoked of [client.certificate, ...clients.intermediates]) {
      expect(recheck(context, await runWith([revoked]), now)).toMatchObject({ code: 'REV_REVOKED' })
    }
  })

  test('is refused when the list of its issuer is missing', async () => {
    const context = admitted(run(compiledServer()))
    const missing = await runWith([], others)
    expect(recheck(context, missing, now)).toMatchObject({ code: 'REV_LIST_MISSING' })
  })

  test('is refused as soon as the list has ended, without any change', async () => {
    const running = await runWith([])
    const context = admitted(running)
    const twoDaysLater = new Date(now.getTime() + 2 * 86_400_000)
    expect(recheck(context, running, now)).toBeNull()
    expect(recheck(context, running, twoDaysLater)).toMatchObject({ code: 'REV_LIST_STALE' })
  })
})

test('a handshake that OpenSSL verified is refused by our own list all the same', async () => {
  const crlPem = await clients.revocationLists([client.certificate])
  const running = run(compiledServer({ crlPem }))
  expect(arrive(running, running)).toMatchObject({ code: 'REV_REVOKED' })
})

test('certificates that do not parse are refused', () => {
  const running = run(compiledServer())
  expect(arrive(running, running, false, [new Uint8Array([0x30, 0])])).toMatchObject({
    code: 'CHN_BAD_CONSTRAINTS',
  })
})
