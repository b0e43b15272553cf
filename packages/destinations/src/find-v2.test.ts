import { devSubaccountId } from '@twinlatch/kit'
import {
  createFakeClock,
  createTestAuthority,
  openTestStore,
  type TestStore,
} from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DestinationStack, openDestinationStack } from './http.fixture.ts'
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

describe('Find of version 2', () => {
  test('takes the level from the reference, without a fallback, and has no owner', async () => {
    await keep('admin', 'subaccount', mutual, ...certificates)
    await keep('app', 'instance', least)
    const { body } = await find('/v2/destinations/S4_MTLS@subaccount')
    expect(Object.keys(body).sort()).toEqual(['certificates', 'destinationConfiguration'])
    expect((await find('/v2/destinations/S4_MTLS')).response.status).toBe(404)
    expect((await find('/v2/destinations/LEAST')).response.status).toBe(200)
    expect((await find('/v2/destinations/LEAST@instance')).response.status).toBe(200)
  })

  test.each(['$includeMetadata=owner', 'includeMetadata=owner'])(
    '%s lists the owners',
    async (query) => {
      await keep('admin', 'subaccount', mutual, ...certificates)
      const { body } = await find(`/v2/destinations/S4_MTLS@subaccount?${query}`)
      const owner = { SubaccountId: devSubaccountId, InstanceId: null }
      expect((body['destinationConfiguration'] as Json)['$metadata']).toEqual({
        owner: {
          destinations: [{ Name: 'S4_MTLS', ...owner }],
          certificates: [
            { Name: 'tech-user.p12', ...owner },
            { Name: 'backend-ca.pem', ...owner },
          ],
          fragments: [],
        },
      })
    },
  )

  test.each([
    ['provider_subaccount', /provider_subaccount is not built yet/],
    ['provider_instance', /provider_instance is not built yet/],
    ['galaxy', /subaccount or instance/],
  ])('refuses level %s', async (level, text) => {
    const { response, body } = await find(`/v2/destinations/X@${level}`)
    expect(response.status).toBe(400)
    expect(body).toEqual({ ErrorMessage: expect.stringMatching(text) })
  })
})
