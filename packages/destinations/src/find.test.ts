import { devSubaccountId } from '@twinlatch/kit'
import {
  createFakeClock,
  createTestAuthority,
  openTestStore,
  type TestStore,
} from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callers, type DestinationStack, openDestinationStack } from './http.fixture.ts'
import { migrations } from './migrations/index.ts'

type Json = Record<string, unknown>

const password = 'keystore-password-1'
const authority = await createTestAuthority({
  name: 'Find',
  now: new Date('2026-11-23T12:00:00.000Z'),
})
const leaf = await authority.issue({ subject: 'CN=tech-user,O=Test' })
const keystore = Buffer.from(await leaf.toPkcs12(password)).toString('base64')
const trustStore = Buffer.from(authority.rootPem).toString('base64')

const mutual = {
  Name: 'S4_MTLS',
  Type: 'HTTP',
  URL: 'https://api.example.test/base',
  Authentication: 'ClientCertificateAuthentication',
  ProxyType: 'Internet',
  KeyStoreLocation: 'tech-user.p12',
  KeyStorePassword: password,
  TrustStoreLocation: 'backend-ca.pem',
  'HTML5.DynamicDestination': 'true',
}
const basic = {
  Name: 'BASIC',
  Type: 'HTTP',
  URL: 'https://api.example.test',
  Authentication: 'BasicAuthentication',
  User: 'aladdin',
  Password: 'open sesame',
}
const least = { Name: 'LEAST', Type: 'HTTP', URL: 'https://api.example.test' }

let testStore: TestStore
let stack: DestinationStack

beforeEach(async () => {
  const clock = createFakeClock()
  testStore = await openTestStore([migrations], { clock })
  stack = await openDestinationStack({ store: testStore.store, audit: testStore.audit, clock })
})
afterEach(() => testStore.stop())

async function keep(who: 'admin' | 'app', level: 'subaccount' | 'instance', ...items: Json[]) {
  for (const item of items) {
    const collection = 'Content' in item ? 'Certificates' : 'Destinations'
    await stack.ok(who, 'POST', `/v1/${level}${collection}`, item)
  }
}

const certificates = [
  { Name: 'tech-user.p12', Content: keystore },
  { Name: 'backend-ca.pem', Content: trustStore },
]

async function find(path: string, headers: Record<string, string> = {}) {
  const response = await stack.call('app', 'GET', path, undefined, headers)
  return { response, body: (await response.json()) as Json }
}

describe('Find', () => {
  test('answers a client certificate destination exactly as section 3.3 shows it', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    const { response, body } = await find('/v1/destinations/S4_MTLS')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/)
    expect(body).toEqual({
      owner: { SubaccountId: devSubaccountId, InstanceId: null },
      destinationConfiguration: mutual,
      certificates: [
        { Name: 'tech-user.p12', Content: keystore, Type: 'CERTIFICATE' },
        { Name: 'backend-ca.pem', Content: trustStore, Type: 'CERTIFICATE' },
      ],
    })
  })

  test('also answers the certificates with $skipTokenRetrieval, as the SDK asks first', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    for (const query of ['?$skipTokenRetrieval=true', '?%24skipTokenRetrieval=true']) {
      const { body } = await find(`/v1/destinations/S4_MTLS${query}`)
      expect(body['certificates']).toHaveLength(2)
    }
  })

  test('serves user and password as properties and as a ready header (section 12.16)', async () => {
    await keep('admin', 'subaccount', basic)
    const { body } = await find('/v1/destinations/BASIC')
    expect(body['destinationConfiguration']).toMatchObject({
      User: 'aladdin',
      Password: 'open sesame',
    })
    expect(body['authTokens']).toEqual([
      {
        type: 'Basic',
        value: 'YWxhZGRpbjpvcGVuIHNlc2FtZQ==',
        http_header: { key: 'Authorization', value: 'Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==' },
      },
    ])
  })

  test('leaves out what is skipped: tokens, secrets', async () => {
    await keep('admin', 'subaccount', basic, mutual)
    expect((await find('/v1/destinations/BASIC?$skipTokenRetrieval=true')).body).not.toHaveProperty(
      'authTokens',
    )
    const { body } = await find('/v1/destinations/S4_MTLS?$skipCredentials=true')
    const { KeyStorePassword: _, ...rest } = mutual
    expect(body['destinationConfiguration']).toEqual(rest)
  })

  test('never has an error key, certificates or authTokens where there are none (section 12.3)', async () => {
    await keep('admin', 'subaccount', least)
    const { response, body } = await find('/v1/destinations/LEAST')
    expect(Object.keys(body).sort()).toEqual(['destinationConfiguration', 'owner'])
    expect(JSON.stringify(body)).not.toContain('error')
    expect(response.headers.has('x-twinlatch-missing-certificates')).toBe(false)
  })

  test('always emits ProxyType and Authentication, and every value as text (section 12.6, 12.7)', async () => {
    await keep('admin', 'subaccount', { ...least, 'HTML5.DynamicDestination': true, Port: 1 })
    const { body } = await find('/v1/destinations/LEAST')
    expect(body['destinationConfiguration']).toEqual({
      ...least,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
      'HTML5.DynamicDestination': 'true',
      Port: '1',
    })
  })

  test('answers an unknown name with the exact text clients compare (section 12.2)', async () => {
    for (const name of ['NONE', 'a%20b', 'a*', `${'a'.repeat(201)}`]) {
      const { response, body } = await find(`/v1/destinations/${name}`)
      expect(response.status).toBe(404)
      expect(response.headers.get('content-type')).toContain('application/json')
      expect(body).toEqual({ ErrorMessage: 'Configuration with the specified name was not found' })
    }
  })

  test('looks on instance level first, with the certificates of that level', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    await keep('app', 'instance', { ...mutual, URL: 'https://instance.example.test' })
    const { response, body } = await find('/v1/destinations/S4_MTLS')
    expect(body).toMatchObject({
      owner: { SubaccountId: devSubaccountId, InstanceId: callers.app.instanceId },
      destinationConfiguration: { URL: 'https://instance.example.test' },
    })
    expect(body).not.toHaveProperty('certificates')
    expect(response.headers.get('x-twinlatch-missing-certificates')).toBe(
      'tech-user.p12, backend-ca.pem',
    )
    expect(stack.logged()).toContain('destination.certificate-missing')
  })

  test('gives an administrator the subaccount level', async () => {
    await keep('app', 'instance', least)
    expect((await stack.call('admin', 'GET', '/v1/destinations/LEAST')).status).toBe(404)
    await keep('admin', 'subaccount', least)
    expect((await stack.call('admin', 'GET', '/v1/destinations/LEAST')).status).toBe(200)
  })

  test('has no keystore for a client that brings its own', async () => {
    const { KeyStoreLocation: _, ...rest } = mutual
    await keep('admin', 'subaccount', ...certificates, {
      ...rest,
      'KeyStore.Source': 'ClientProvided',
    })
    const { body } = await find('/v1/destinations/S4_MTLS')
    expect(body['certificates']).toEqual([expect.objectContaining({ Name: 'backend-ca.pem' })])
  })

  test('leaves an audit row for each certificate it hands out, and none for a 304', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    const before = (await testStore.auditEntries()).length
    const { response } = await find('/v1/destinations/S4_MTLS')
    const rows = (await testStore.auditEntries()).slice(before)
    expect(rows.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      ['sb-app', 'certificate.read', 'backend-ca.pem'],
      ['sb-app', 'certificate.read', 'tech-user.p12'],
    ])
    expect(rows[0]?.detail).toEqual({
      level: 'subaccount',
      instanceId: null,
      purpose: 'destination S4_MTLS',
    })
    const etag = response.headers.get('etag') ?? ''
    const again = await stack.call('app', 'GET', '/v1/destinations/S4_MTLS', undefined, {
      'if-none-match': etag,
    })
    expect(again.status).toBe(304)
    expect(again.headers.get('etag')).toBe(etag)
    expect(await again.text()).toBe('')
    expect(await testStore.auditEntries()).toHaveLength(before + 2)
  })

  test('hands nothing out when the audit row cannot be written', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    const failing = await openDestinationStack({
      store: testStore.store,
      clock: createFakeClock(),
      audit: { record: () => Promise.reject(new Error('disk full')) },
    })
    const response = await failing.call('app', 'GET', '/v1/destinations/S4_MTLS')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain(keystore.slice(0, 40))
  })

  test('has an ETag that changes with the destination, its certificates and the options', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    const tag = async (query = '') =>
      (await find(`/v1/destinations/S4_MTLS${query}`)).response.headers.get('etag')
    const tags = [await tag(), await tag('?$skipCredentials=true')]
    await stack.ok('admin', 'PUT', '/v1/subaccountDestinations', { ...mutual, Description: 'x' })
    tags.push(await tag())
    await stack.ok('admin', 'PUT', '/v1/subaccountCertificates', certificates[1])
    tags.push(await tag())
    expect(new Set(tags).size).toBe(4)
    expect(await tag()).toBe(tags[3])
    const refused = await stack.call('app', 'GET', '/v1/destinations/S4_MTLS', undefined, {
      'if-match': String(tags[0]),
    })
    expect(refused.status).toBe(412)
    expect(refused.headers.get('etag')).toBe(tags[3])
    expect(await refused.json()).toHaveProperty('ErrorMessage')
  })

  test.each([
    [{ 'x-user-token': 'a', 'x-tenant': 'b' }, /exclude each other/],
    [{ 'x-fragment-name': 'f' }, /X-fragment-name is not built yet/],
    [{ 'x-fragment-optional': 'true' }, /X-fragment-optional is not built yet/],
    [{ 'x-chain-name': 'com.sap.sequentialUserPropagation' }, /X-chain-name is not built yet/],
    [{ 'x-chain-var-userToken': 'x' }, /x-chain-var-usertoken is not built yet/],
  ])('refuses what it cannot do: %j', async (headers, text) => {
    await keep('admin', 'subaccount', least)
    const { response, body } = await find('/v1/destinations/LEAST', headers)
    expect(response.status).toBe(400)
    expect(body).toEqual({ ErrorMessage: expect.stringMatching(text) })
  })

  test.each([
    { 'x-user-token': 'eyJ.of.acme' },
    { 'x-tenant': 'acme' },
    { 'x-correlationid': '1' },
  ])('is not moved to another tenant by %j', async (headers) => {
    await keep('admin', 'subaccount', least)
    const { response, body } = await find('/v1/destinations/LEAST', headers)
    expect(response.status).toBe(200)
    expect(body['owner']).toEqual({ SubaccountId: devSubaccountId, InstanceId: null })
  })

  test('counts its answers', async () => {
    await keep('admin', 'subaccount', least)
    await find('/v1/destinations/LEAST')
    await find('/v1/destinations/NONE')
    await find('/v1/destinations/LEAST', { 'x-chain-name': 'x' })
    const text = await stack.metrics.render()
    for (const result of ['found', 'not-found', 'refused']) {
      expect(text).toContain(`twinlatch_destination_lookups_total{result="${result}"} 1`)
    }
  })
})
