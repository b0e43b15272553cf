import {
  createFakeClock,
  createTestAuthority,
  openTestStore,
  type TestStore,
} from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callers, type DestinationStack, openDestinationStack, type Who } from './http.fixture.ts'
import { migrations } from './migrations/index.ts'

const password = 'keystore-password-1'
const authority = await createTestAuthority({
  name: 'Isolation',
  now: new Date('2026-11-23T12:00:00.000Z'),
})
const leaf = await authority.issue({ subject: 'CN=tech-user,O=Test' })
const p12 = Buffer.from(await leaf.toPkcs12(password))
const certificate = { Name: 'k.p12', Content: p12.toString('base64') }
const destination = {
  Name: 'd',
  Type: 'HTTP',
  URL: 'https://secret-host.example.test',
  Authentication: 'ClientCertificateAuthentication',
  KeyStoreLocation: 'k.p12',
  KeyStorePassword: password,
  'URL.headers.X-API-Key': 'hunter2-header',
}
const basic = {
  Name: 'b',
  Type: 'HTTP',
  URL: 'https://a.test',
  Authentication: 'BasicAuthentication',
  User: 'u',
  Password: 'hunter2-basic',
}

let testStore: TestStore
let stack: DestinationStack

beforeEach(async () => {
  const clock = createFakeClock()
  testStore = await openTestStore([migrations], { clock })
  stack = await openDestinationStack({ store: testStore.store, audit: testStore.audit, clock })
  for (const level of ['subaccount', 'instance']) {
    await stack.ok('app', 'POST', `/v1/${level}Certificates`, certificate)
    await stack.ok('app', 'POST', `/v1/${level}Destinations`, [destination, basic])
  }
})
afterEach(() => testStore.stop())

const inList = (name: string) => `$filter=${encodeURIComponent(`Name in ('${name}')`)}`

/** Every call of the API that reads or changes an item, and what a stranger gets. */
const calls = (level: string): readonly [string, string, unknown, number, unknown?][] => [
  ['GET', `/v1/${level}Destinations`, undefined, 200, []],
  ['GET', `/v1/${level}Destinations?$select=Name`, undefined, 200, []],
  ['GET', `/v1/${level}Destinations?$page=1&$entityCount=true`, undefined, 200, []],
  ['GET', `/v1/${level}Destinations?${inList('d')}`, undefined, 200, []],
  ['GET', `/v1/${level}Destinations/d`, undefined, 404],
  ['PUT', `/v1/${level}Destinations`, destination, 404],
  ['PUT', `/v1/${level}Destinations`, [destination], 207],
  ['DELETE', `/v1/${level}Destinations/d`, undefined, 404],
  [
    'DELETE',
    `/v1/${level}Destinations?${inList('d')}`,
    undefined,
    200,
    expect.objectContaining({ Count: 0 }),
  ],
  ['GET', `/v1/${level}Certificates`, undefined, 200, []],
  ['GET', `/v1/${level}Certificates/k.p12`, undefined, 404],
  ['GET', `/v1/${level}Certificates/k.p12/publicKeys`, undefined, 404],
  ['PUT', `/v1/${level}Certificates`, certificate, 404],
  ['DELETE', `/v1/${level}Certificates/k.p12`, undefined, 404],
  [
    'DELETE',
    `/v1/${level}Certificates?${inList('k.p12')}`,
    undefined,
    200,
    expect.objectContaining({ Count: 0 }),
  ],
]
const finds: readonly [string, string, unknown, number, unknown?][] = [
  ['GET', '/v1/destinations/d', undefined, 404],
  ['GET', '/v2/destinations/d@subaccount', undefined, 404],
  ['GET', '/v2/destinations/d@instance', undefined, 404],
]

async function snapshot(): Promise<string> {
  const parts: string[] = []
  for (const path of [
    'subaccountDestinations',
    'instanceDestinations',
    'subaccountCertificates',
    'instanceCertificates',
  ]) {
    parts.push(await (await stack.ok('app', 'GET', `/v1/${path}`)).text())
  }
  return parts.join('\n')
}

describe.each<[string, Who, string[]]>([
  ['another subaccount', 'acme', ['subaccount', 'instance']],
  ['another instance of the same subaccount', 'sibling', ['instance']],
])('%s', (_name, who, levels) => {
  const all = [...levels.flatMap(calls), ...(who === 'acme' ? finds : [])]

  test.each(all)('%s %s shows and changes nothing', async (method, path, body, status, shape) => {
    const before = await snapshot()
    const response = await stack.call(who, method, path, body)
    const text = await response.text()
    expect(response.status).toBe(status)
    if (shape !== undefined) expect(JSON.parse(text)).toEqual(shape)
    expect(text).not.toContain('secret-host')
    expect(text).not.toContain(certificate.Content.slice(0, 60))
    expect(response.headers.get('entity-count') ?? '0').toBe('0')
    expect(await snapshot()).toBe(before)
  })

  test.each(levels)('keeps items of the same names on %s level for itself', async (level) => {
    const before = await snapshot()
    const own = { ...basic, Name: 'd', URL: 'https://own.example.test' }
    await stack.ok(who, 'POST', `/v1/${level}Destinations`, own)
    await stack.ok(who, 'POST', `/v1/${level}Certificates`, certificate)
    const found = await stack.ok(who, 'GET', '/v1/destinations/d')
    expect(await found.json()).toMatchObject({
      owner: {
        SubaccountId: callers[who as 'acme'].subaccountId,
        InstanceId: level === 'instance' ? callers[who as 'acme'].instanceId : null,
      },
      destinationConfiguration: { URL: 'https://own.example.test' },
    })
    await stack.ok(who, 'DELETE', `/v1/${level}Destinations/d`)
    await stack.ok(who, 'DELETE', `/v1/${level}Certificates/k.p12`)
    expect(await snapshot()).toBe(before)
  })
})

const everyCall: readonly [string, string, unknown?, ...unknown[]][] = [
  ...calls('subaccount'),
  ...calls('instance'),
  ...finds,
  ['POST', '/v1/subaccountDestinations', basic],
  ['GET', '/v1/nonsense'],
]

test.each(everyCall)(
  'without a token, %s %s is 401 in the shape of SAP',
  async (method, path, body) => {
    const response = await stack.call('nobody', method, path, body)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toEqual({ ErrorMessage: expect.any(String) })
  },
)

describe('secrets', () => {
  const secrets = [password, 'hunter2', certificate.Content.slice(200, 260), 'secret-host']
  const contained = (text: string | Buffer) => secrets.filter((secret) => text.includes(secret))

  test('are in no file of the database, also after they were deleted', async () => {
    const stored = await testStore.files()
    expect(stored.includes('k.p12')).toBe(true)
    expect(contained(stored)).toEqual([])
    expect(stored.includes(p12.subarray(200, 240))).toBe(false)
    await stack.ok('app', 'DELETE', '/v1/instanceDestinations/d')
    expect(contained(await testStore.files())).toEqual([])
  })

  test('are in no log line and no audit row, whatever is asked', async () => {
    await stack.call('app', 'GET', '/v1/destinations/d')
    await stack.call('app', 'GET', '/v1/instanceCertificates/k.p12/publicKeys')
    await stack.call('app', 'POST', '/v1/instanceDestinations', `{"Password":"hunter2"`)
    await stack.call('app', 'POST', '/v1/instanceDestinations', { ...basic, URL: 'hunter2' })
    await stack.ok('app', 'DELETE', '/v1/instanceCertificates/k.p12')
    await stack.call('app', 'GET', '/v1/destinations/d')
    expect(stack.logged()).toContain('destination.certificate-missing')
    expect(contained(stack.logged())).toEqual([])
    expect(contained(JSON.stringify(await testStore.auditEntries()))).toEqual([])
  })

  test.each([
    [
      'a destination with every fault',
      'Destinations',
      { ...basic, Name: 'hunter2/', URL: 'hunter2', User: 'hunter2:x', ProxyType: 'hunter2' },
    ],
    ['text that is not JSON', 'Destinations', '{"Password":"hunter2"'],
    ['a nested property', 'Destinations', { ...basic, Password: { value: 'hunter2' } }],
    ['a name that is taken', 'Destinations', { ...basic, Password: 'hunter2' }],
    [
      'a keystore that is refused',
      'Certificates',
      { Name: 'x.pem', Content: Buffer.from('hunter2').toString('base64') },
    ],
    ['an unknown field', 'Certificates', { ...certificate, hunter2: 'hunter2' }],
  ])('are not in the refusal of %s', async (_name, collection, body) => {
    const response = await stack.call('app', 'POST', `/v1/instance${collection}`, body)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(contained(await response.text())).toEqual([])
  })

  test.each([
    ['another subaccount', 'acme', { subaccount_id: callers.acme.subaccountId, instance_id: '' }],
    ['another instance', 'sibling', { instance_id: callers.sibling.instanceId }],
    ['another name', 'app', { name: 'e' }],
  ] as const)('a sealed body moved to %s does not open', async (_name, who, place) => {
    await testStore.store.database
      .updateTable('destinations_certificates')
      .set(place)
      .where('instance_id', '=', callers.app.instanceId)
      .execute()
    const level = who === 'acme' ? 'subaccount' : 'instance'
    const name = 'name' in place ? place.name : 'k.p12'
    const response = await stack.call(who, 'GET', `/v1/${level}Certificates/${name}`)
    expect(response.status).toBe(500)
    expect(stack.logged()).toContain('store/seal-broken')
  })

  test('are back after a restart', async () => {
    const store = await testStore.reopen()
    const again = await openDestinationStack({
      store,
      audit: testStore.audit,
      clock: createFakeClock(),
    })
    const found = await again.ok('app', 'GET', '/v1/destinations/d')
    expect(await found.json()).toMatchObject({
      destinationConfiguration: destination,
      certificates: [certificate],
    })
  })
})
