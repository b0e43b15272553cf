import {
  createFakeClock,
  type FakeClock,
  openTestStore,
  operationsOf,
  routesOf,
  type TestStore,
} from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DestinationStack, openDestinationStack } from './http.fixture.ts'
import { migrations } from './migrations/index.ts'
import { openApi } from './openapi.ts'

type Json = Record<string, unknown>

const destination = (name: string, more: Json = {}) => ({
  Name: name,
  Type: 'HTTP',
  URL: `https://${name}.example.test`,
  ...more,
})
const emitted = (name: string, more: Json = {}) => ({
  ...destination(name),
  Authentication: 'NoAuthentication',
  ProxyType: 'Internet',
  ...more,
})
const levels = ['subaccount', 'instance'] as const

let clock: FakeClock
let testStore: TestStore
let stack: DestinationStack

beforeEach(async () => {
  clock = createFakeClock()
  testStore = await openTestStore([migrations], { clock })
  stack = await openDestinationStack({ store: testStore.store, audit: testStore.audit, clock })
})
afterEach(() => testStore.stop())

async function json(method: string, path: string, body?: unknown) {
  const response = await stack.call('app', method, path, body)
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Json & Json[],
  }
}

describe.each(levels)('destinations on %s level', (level) => {
  const path = `/v1/${level}Destinations`

  test('one is created, read, overwritten as a whole, listed and deleted', async () => {
    const created = await stack.call('app', 'POST', path, destination('a', { Description: 'x' }))
    expect(created.status).toBe(201)
    expect(await created.text()).toBe('')
    const read = await json('GET', `${path}/a`)
    expect(read).toMatchObject({ status: 200, body: emitted('a', { Description: 'x' }) })
    expect(read.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/)
    expect(await json('PUT', path, destination('a'))).toMatchObject({
      status: 200,
      body: { Count: 1 },
    })
    const overwritten = await json('GET', `${path}/a`)
    expect(overwritten.body).toEqual(emitted('a'))
    expect(overwritten.headers.get('etag')).not.toBe(read.headers.get('etag'))
    expect((await json('GET', path)).body).toEqual([emitted('a')])
    expect(await json('DELETE', `${path}/a`)).toMatchObject({ status: 200, body: { Count: 1 } })
    expect((await json('GET', path)).body).toEqual([])
    expect((await json('GET', `${path}/a`)).status).toBe(404)
  })

  test('an array is answered one by one: 201, or 207 if mixed', async () => {
    const all = await json('POST', path, [destination('a'), destination('b')])
    expect(all.status).toBe(201)
    expect(all.body).toEqual([
      { name: 'a', status: 201, etag: expect.stringMatching(/^[0-9a-f]{32}$/) },
      { name: 'b', status: 201, etag: expect.any(String) },
    ])
    const mixed = await json('POST', path, [
      destination('c'),
      destination('a'),
      destination('c'),
      destination('d', { Authentication: 'OAuth2Password' }),
      'nonsense',
    ])
    expect(mixed.status).toBe(207)
    expect(mixed.body).toEqual([
      { name: 'c', status: 201, etag: expect.any(String) },
      { name: 'a', status: 409, cause: expect.stringContaining('exists already') },
      { name: 'c', status: 409, cause: expect.any(String) },
      { name: 'd', status: 400, cause: expect.stringContaining('not built yet') },
      { name: '', status: 400, cause: expect.any(String) },
    ])
    const changed = await json('PUT', path, [destination('a'), destination('none')])
    expect(changed.status).toBe(207)
    expect(changed.body).toMatchObject([
      { name: 'a', status: 200 },
      { name: 'none', status: 404 },
    ])
    expect((await json('PUT', path, [destination('a')])).status).toBe(200)
    expect((await json('GET', `${path}?$select=Name`)).body).toEqual([
      { Name: 'a' },
      { Name: 'b' },
      { Name: 'c' },
    ])
  })

  test('a bulk deletion needs a list of names and says what became of each', async () => {
    await stack.ok('app', 'POST', path, [destination('a'), destination('b')])
    const filter = encodeURIComponent("Name in ('a','c')")
    expect(await json('DELETE', `${path}?$filter=${filter}`)).toMatchObject({
      status: 200,
      body: {
        Count: 1,
        Summary: [
          { name: 'a', status: 'DELETED' },
          { name: 'c', status: 'NOT_FOUND', reason: expect.any(String) },
        ],
      },
    })
    for (const query of ['', "?$filter=startswith(Name,'')", '?$filter=']) {
      expect((await json('DELETE', `${path}${query}`)).status).toBe(400)
    }
    expect((await json('GET', path)).body).toHaveLength(1)
  })

  test.each([
    ['POST of a name that is taken', 'POST', destination('taken'), 409],
    ['PUT of an unknown name', 'PUT', destination('none'), 404],
    [
      'a kind that is not built',
      'POST',
      destination('x', { Authentication: 'OAuth2JWTBearer' }),
      400,
    ],
    ['a faulty destination', 'POST', { Name: 'x' }, 400],
    ['no JSON', 'POST', '{"Name":', 400],
    ['a body beyond the limit', 'POST', destination('x', { a: 'x'.repeat(1_100_000) }), 413],
    ['too many entries', 'POST', Array.from({ length: 201 }, (_, n) => destination(`d${n}`)), 400],
  ])('%s is refused in SAP shape and stores nothing', async (_name, method, body, status) => {
    await stack.ok('app', 'POST', path, destination('taken', { Description: 'first' }))
    const answer = await json(method, path, body)
    expect(answer).toMatchObject({ status, body: { ErrorMessage: expect.any(String) } })
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect((await json('GET', path)).body).toEqual([emitted('taken', { Description: 'first' })])
  })

  test('another media type is refused', async () => {
    const response = await stack.call('app', 'POST', path, destination('a'), {
      'content-type': 'text/plain',
    })
    expect(response.status).toBe(400)
  })

  test('there is no PUT or PATCH of an item', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const response = await stack.call('app', method, `${path}/a`, destination('a'))
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, DELETE')
      expect(await response.json()).toHaveProperty('ErrorMessage')
    }
  })
})

describe('a list (section 6)', () => {
  const path = '/v1/subaccountDestinations'

  beforeEach(async () => {
    const names = Array.from({ length: 25 }, (_, index) => `d${String(index).padStart(2, '0')}`)
    await stack.ok(
      'admin',
      'POST',
      path,
      names.map((name) => destination(name)),
    )
  })

  test('without parameters is everything, as a bare array', async () => {
    const { body, headers } = await json('GET', path)
    expect(body).toHaveLength(25)
    expect(headers.has('link')).toBe(false)
  })

  test('is paged on request, with links and counts as SAP writes them', async () => {
    const second = await json('GET', `${path}?$page=2&$pageCount=true&$entityCount=true`)
    expect(second.body).toHaveLength(10)
    expect(second.body[0]).toMatchObject({ Name: 'd10' })
    expect(second.headers.get('page-count')).toBe('3')
    expect(second.headers.get('entity-count')).toBe('25')
    expect(second.headers.get('link')).toBe(
      "</subaccountDestinations?$page=1&$pageSize=10>; rel='previous', </subaccountDestinations?$page=3&$pageSize=10>; rel='next'",
    )
    const last = await json('GET', `${path}?$page=3&$pageSize=12`)
    expect(last.body).toHaveLength(1)
    expect(last.headers.get('link')).not.toContain('next')
    expect((await json('GET', `${path}?$page=99`)).body).toEqual([])
  })

  test.each([
    ["Name in ('d01', 'd24', 'none')", ['d01', 'd24']],
    ["Name in ('d%2501')", []],
    ["Name in ('%64%30%31')", ['d01']],
    ["startswith(Name,'d2')", ['d20', 'd21', 'd22', 'd23', 'd24']],
    ["endswith(Name, '5')", ['d05', 'd15']],
  ])('is filtered by %s', async (filter, names) => {
    const { body } = await json('GET', `${path}?$filter=${encodeURIComponent(filter)}`)
    expect(body.map(({ Name }) => Name)).toEqual(names)
  })

  test('is filtered by age, and shows metadata on request', async () => {
    clock.advance(3_600_000)
    await stack.ok('admin', 'PUT', path, destination('d07'))
    const { body } = await json(
      'GET',
      `${path}?$filter=modifiedwithin('30','minutes')&$includeMetadata=modification_time;etag`,
    )
    expect(body).toEqual([
      {
        ...emitted('d07'),
        $metadata: { modification_time: '2026-11-23T13:00:00.000Z', etag: expect.any(String) },
      },
    ])
  })

  test.each(['$filter=nonsense', '$select=URL', '$page=0', '$page=1&$select=Name'])(
    'with %s is refused',
    async (query) => {
      expect(await json('GET', `${path}?${query}`)).toMatchObject({
        status: 400,
        body: { ErrorMessage: expect.any(String) },
      })
    },
  )

  test('a URI of more than 4000 characters is refused', async () => {
    expect((await json('GET', `${path}?x=${'a'.repeat(4000)}`)).status).toBe(414)
  })
})

describe('the door', () => {
  test.each([
    '/v1/subaccountDestinationFragments',
    '/v1/instanceDestinationFragments/f',
    '/v1/subaccountDestinations/a/labels',
    '/v1/instanceCertificates/a.p12/labels',
    '/v1/saml2Metadata',
    '/v1/saml2Metadata/certificate/passive',
    '/maintenance/v1/caches/ias',
  ])('%s is refused by name', async (path) => {
    const response = await stack.call('app', 'GET', path)
    expect(response.status).toBe(501)
    expect(await response.json()).toEqual({
      ErrorMessage: expect.stringMatching(/: not built yet$/),
    })
  })

  test('an unknown path is a JSON 404, and an administrator has no instance level', async () => {
    expect(await (await stack.call('app', 'GET', '/v1/nonsense')).json()).toHaveProperty(
      'ErrorMessage',
    )
    for (const path of ['/v1/instanceDestinations', '/v1/instanceCertificates/a.p12']) {
      expect((await stack.call('admin', 'GET', path)).status).toBe(403)
    }
  })

  test('changes leave audit rows with actor, name and level, and nothing else of the item', async () => {
    await stack.ok(
      'app',
      'POST',
      '/v1/instanceDestinations',
      destination('a', { Secret: 'hunter2' }),
    )
    await stack.ok('admin', 'POST', '/v1/subaccountDestinations', destination('a'))
    await stack.ok('admin', 'PUT', '/v1/subaccountDestinations', destination('a'))
    await stack.ok('admin', 'DELETE', '/v1/subaccountDestinations/a')
    const rows = await testStore.auditEntries()
    expect(
      rows.map(({ actor, action, target, detail }) => [actor, action, target, detail['level']]),
    ).toEqual([
      ['sb-app', 'destination.created', 'a', 'instance'],
      ['admin', 'destination.created', 'a', 'subaccount'],
      ['admin', 'destination.updated', 'a', 'subaccount'],
      ['admin', 'destination.deleted', 'a', 'subaccount'],
    ])
    expect(JSON.stringify(rows)).not.toContain('hunter2')
  })

  test('of parallel creations of one name exactly one is made', async () => {
    const calls = Array.from({ length: 8 }, () =>
      stack.call('app', 'POST', '/v1/instanceDestinations', destination('a')),
    )
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(7)
  })

  test('a store that is away is 503, and says so', async () => {
    await testStore.store.stop()
    for (const path of ['/v1/destinations/a', '/v1/instanceDestinations']) {
      const response = await stack.call('app', 'GET', path)
      expect(response.status).toBe(503)
      expect(await response.json()).toEqual({ ErrorMessage: expect.any(String) })
    }
  })
})

test('every route is published, and nothing else is', () => {
  expect(routesOf(stack.app)).toEqual(operationsOf(openApi))
})
