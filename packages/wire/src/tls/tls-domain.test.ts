import { generateKeyPairSync } from 'node:crypto'
import { Secret } from '@twinlatch/kit'
import { createTestAuthority } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import type { TlsSettings } from '../tls-facts.ts'
import { listenersOfFile } from './file-listeners.fixture.ts'
import { attempt, connectClient, domainsOf, settingsOf } from './listener.fixture.ts'
import { createTlsDomain } from './tls-domain.ts'

const { material, open } = listenersOfFile()

const openWith = (changes: Partial<TlsSettings>) =>
  open({
    domains: domainsOf({ 'a.test.localhost': settingsOf(material(), changes) }),
    accept: () => 'anybody',
  })

const block = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const pemOf = (type: 'ed25519' | 'ec') => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('ed25519')
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
}

describe('settings that cannot be used are refused, and say which part it is', () => {
  test.each<[string, () => Partial<TlsSettings>, string]>([
    ['no server certificate', () => ({ certificateChainPem: '' }), 'wire/unusable-certificate'],
    [
      'a server certificate that cannot be read',
      () => ({ certificateChainPem: block }),
      'wire/unusable-certificate',
    ],
    [
      'a chain that breaks off',
      () => ({
        certificateChainPem: `${material().serverChainPem}-----BEGIN CERTIFICATE-----\nAA`,
      }),
      'wire/unusable-certificate',
    ],
    ['a key that is none', () => ({ privateKeyPem: new Secret('x') }), 'wire/unusable-key'],
    ['the key of another certificate', () => ({ privateKeyPem: pemOf('ec') }), 'wire/unusable-key'],
    ['an Ed25519 key', () => ({ privateKeyPem: pemOf('ed25519') }), 'wire/unusable-key'],
    ['no client authority', () => ({ clientAuthoritiesPem: [] }), 'wire/unusable-authorities'],
    [
      'an empty client authority',
      () => ({ clientAuthoritiesPem: ['', '\n'] }),
      'wire/unusable-authorities',
    ],
    [
      'a client authority that cannot be read',
      () => ({ clientAuthoritiesPem: [material().alpha.rootPem, block] }),
      'wire/unusable-authorities',
    ],
    ['a CRL that is none', () => ({ crlPem: 'x' }), 'wire/unusable-crl'],
    [
      'a CRL that cannot be read',
      () => ({ crlPem: block.replaceAll('CERTIFICATE', 'X509 CRL') }),
      'wire/unusable-crl',
    ],
    [
      'an unknown cipher suite',
      () => ({ cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256', 'FOO'] }),
      'wire/unusable-ciphers',
    ],
    ['no cipher suite', () => ({ cipherSuites: [] }), 'wire/unusable-ciphers'],
    [
      'versions the wrong way round',
      () => ({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }),
      'wire/unusable-versions',
    ],
  ])('%s', (_name, changes, code) => {
    const settings = settingsOf(material(), changes())
    expect(() => createTlsDomain(settings, { sessionIdContext: 'x' })).toThrow(
      expect.objectContaining({ code }),
    )
  })

  test('in a message without the key', () => {
    const settings = settingsOf(material(), { privateKeyPem: new Secret('very-secret') })
    expect(() => createTlsDomain(settings, { sessionIdContext: 'x' })).toThrow(/^(?!.*very-secret)/)
  })
})

describe('a handshake', () => {
  test.each([
    ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['TLSv1.2', 'TLSv1.3', 'TLSv1.3'],
    ['TLSv1.3', 'TLSv1.3', 'TLSv1.3'],
  ] as const)('of %s to %s takes %s', async (minVersion, maxVersion, version) => {
    const listener = await openWith({ minVersion, maxVersion })
    const client = await connectClient(listener.port)
    expect(client.getProtocol()).toBe(version)
    client.destroy()
  })

  test.each([
    ['ec-p384', 'TLSv1.2'],
    ['ec-p384', 'TLSv1.3'],
    ['ec-p256', 'TLSv1.2'],
    ['rsa2048', 'TLSv1.2'],
  ] as const)('verifies a client with a key of type %s on %s', async (keyType, maxVersion) => {
    const clients = await createTestAuthority({ name: 'Keys' })
    const listener = await openWith({ clientAuthoritiesPem: [clients.rootPem] })
    const leaf = await clients.issue({ subject: 'CN=poster', keyType })
    const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem, maxVersion }
    const request = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\nConnection: close\r\n\r\n'
    expect(await attempt(listener.port, identity, request)).toMatch(/hello$/)
    expect(listener.accepted[0]).toMatchObject({ verified: true, protocol: maxVersion })
  })

  test('takes no CBC suite unless it is named', async () => {
    const client = { ciphers: 'ECDHE-ECDSA-AES128-SHA', maxVersion: 'TLSv1.2' } as const
    const strict = await openWith({})
    await expect(connectClient(strict.port, client)).rejects.toThrow()
    const named = await openWith({ cipherSuites: ['ECDHE-ECDSA-AES128-SHA'] })
    const socket = await connectClient(named.port, client)
    expect(socket.getCipher().name).toBe('ECDHE-ECDSA-AES128-SHA')
    socket.destroy()
  })

  test('keeps the TLS 1.3 suites when suites for 1.2 are named', async () => {
    const listener = await openWith({ cipherSuites: ['ECDHE-ECDSA-AES128-GCM-SHA256'] })
    const socket = await connectClient(listener.port)
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.destroy()
  })

  test.each([
    [['http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], 'http/1.1'],
  ])('with the protocols %j takes %s', async (ALPNProtocols, protocol) => {
    const listener = await openWith({})
    const socket = await connectClient(listener.port, { ALPNProtocols })
    expect(socket.alpnProtocol).toBe(protocol)
    expect((await listener.until(() => listener.accepted[0])).alpn).toBe(protocol)
    socket.destroy()
  })

  test('cannot be repeated on the same connection', async () => {
    const listener = await openWith({})
    const socket = await connectClient(listener.port, { maxVersion: 'TLSv1.2' })
    const outcome = new Promise<unknown>((resolve) => {
      socket.once('error', resolve)
      socket.once('close', () => resolve('closed'))
      socket.renegotiate({}, resolve)
    })
    expect(await outcome).not.toBeNull()
    expect(listener.accepted).toHaveLength(1)
    socket.destroy()
  })

  test('with a host that asks for no certificate gets none, whatever the client has', async () => {
    const listener = await openWith({ requestClientCertificate: false, clientAuthoritiesPem: [] })
    const leaf = await material().alpha.issue({ subject: 'CN=poster' })
    const identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
    const request = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\nConnection: close\r\n\r\n'
    expect(await attempt(listener.port, identity, request)).toMatch(/hello$/)
    expect(listener.accepted[0]?.peerCertificates).toEqual([])
  })
})
