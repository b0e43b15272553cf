import type { TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TlsVersion } from '../tls-facts.ts'
import {
  attempt,
  connectClient,
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  readUntil,
  settingsOf,
  type TestListener,
} from './listener.fixture.ts'

let material: Material
let identity: { cert: string; key: string }
const open: TestListener[] = []
beforeAll(async () => {
  material = await createMaterial()
  const leaf = await material.alpha.issue({ subject: 'CN=poster' })
  identity = { cert: leaf.chainPem, key: leaf.privateKeyPem }
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.stop()))
})

async function openTwoDomains() {
  const listener = await openTestListener({
    domains: domainsOf({
      'a.test.localhost': settingsOf(material),
      // The same authority: what keeps the sessions apart must not be the certificate.
      'b.test.localhost': settingsOf(material),
      'plain.test.localhost': settingsOf(material, {
        requestClientCertificate: false,
        clientAuthoritiesPem: [],
      }),
    }),
  })
  open.push(listener)
  return listener
}

async function sessionOf(listener: TestListener, version: TlsVersion, servername: string) {
  const client = await connectClient(listener.port, {
    ...identity,
    maxVersion: version,
    servername,
  })
  const session = new Promise<Buffer>((resolve) => client.once('session', resolve))
  await get(client)
  const bytes = version === 'TLSv1.2' ? client.getSession() : await session
  client.destroy()
  return bytes
}

const closing = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\nConnection: close\r\n\r\n'

async function get(client: TLSSocket) {
  client.write('GET / HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n')
  return readUntil(client, /hello$/)
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a %s session', (version) => {
  test('resumes in its own domain, with all certificates of the first handshake', async () => {
    const listener = await openTwoDomains()
    const session = await sessionOf(listener, version, 'a.test.localhost')
    const client = await connectClient(listener.port, {
      ...identity,
      session,
      maxVersion: version,
    })
    await get(client)
    expect(listener.accepted.map(({ resumed }) => resumed)).toEqual([false, true])
    expect(listener.accepted[1]).toMatchObject({
      verified: true,
      verifyError: null,
      serverName: 'a.test.localhost',
      peerCertificates: listener.accepted[0]?.peerCertificates,
    })
    expect(listener.accepted[1]?.peerCertificates).toHaveLength(2)
    client.destroy()
  })

  test('keeps the certificate it was made with when the client now offers none', async () => {
    const listener = await openTwoDomains()
    const session = await sessionOf(listener, version, 'a.test.localhost')
    const client = await connectClient(listener.port, { session, maxVersion: version })
    await get(client)
    expect(listener.accepted[1]).toMatchObject({ resumed: true, verified: true })
    client.destroy()
  })

  test.each(['b.test.localhost', 'plain.test.localhost'])(
    'never resumes in %s',
    async (servername) => {
      const listener = await openTwoDomains()
      const session = await sessionOf(listener, version, 'a.test.localhost')
      const options = { session, maxVersion: version, servername }
      const answer = await attempt(listener.port, options, closing)
      const plain = servername.startsWith('plain')
      expect(answer === '').toBe(!plain)
      const [facts] = plain ? listener.accepted.slice(1) : listener.refused
      expect(facts).toMatchObject({ resumed: false, verified: false, peerCertificates: [] })
    },
  )

  test('does not resume in a domain that was built anew from the same settings', async () => {
    const listener = await openTwoDomains()
    const session = await sessionOf(listener, version, 'a.test.localhost')
    const other = await openTwoDomains()
    const client = await connectClient(other.port, { session, ...identity, maxVersion: version })
    await get(client)
    expect(other.accepted[0]?.resumed).toBe(false)
    client.destroy()
  })

  test('of a client without a certificate does not become one with a certificate', async () => {
    const listener = await openTestListener({
      domains: domainsOf({ 'a.test.localhost': settingsOf(material) }),
      accept: (tls) => (tls.verifyError === null ? 'optional' : null),
    })
    open.push(listener)
    const first = await connectClient(listener.port, { maxVersion: version })
    const ticket = new Promise<Buffer>((resolve) => first.once('session', resolve))
    await get(first)
    const session = version === 'TLSv1.2' ? first.getSession() : await ticket
    first.destroy()
    const second = await connectClient(listener.port, { session, maxVersion: version })
    await get(second)
    expect(listener.accepted[1]).toMatchObject({
      resumed: true,
      verified: false,
      verifyError: null,
      peerCertificates: [],
    })
    second.destroy()
  })

  test('of a refused client is refused again, for the same reason', async () => {
    const leaf = await material.beta.issue({ subject: 'CN=stranger' })
    const stranger = { cert: leaf.chainPem, key: leaf.privateKeyPem }
    let admit = true
    const listener = await openTestListener({
      domains: domainsOf({ 'a.test.localhost': settingsOf(material) }),
      accept: (tls) => (tls.verified || admit ? 'once' : null),
    })
    open.push(listener)
    const first = await connectClient(listener.port, { ...stranger, maxVersion: version })
    const ticket = new Promise<Buffer>((resolve) => first.once('session', resolve))
    await get(first)
    const session = version === 'TLSv1.2' ? first.getSession() : await ticket
    first.destroy()
    admit = false
    const options = { ...stranger, session, maxVersion: version }
    expect(await attempt(listener.port, options, closing)).toBe('')
    expect(listener.refused[0]).toMatchObject({
      resumed: true,
      verified: false,
      verifyError: listener.accepted[0]?.verifyError,
    })
    expect(listener.handled).toHaveLength(1)
  })
})
