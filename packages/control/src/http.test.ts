import { devSubaccountId, Secret, silentLogger } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import {
  createFakeClock,
  createTestDatabase,
  operationsOf,
  routesOf,
  type TestDatabase,
  testStoreKind,
} from '@twinlatch/testing'
import type { Authenticate } from '@twinlatch/trust'
import type { Hono } from 'hono'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gateway, line } from '../testing/line-compiler.ts'
import { startControl } from '../testing/start-control.ts'
import { authenticateAdmin } from './admin-access.ts'
import { createControlApp } from './http.ts'
import { openApi } from './openapi.ts'
import type { Control } from './service.ts'

const clock = createFakeClock('2026-01-01T00:00:00.000Z')
const token = `twl_${'a'.repeat(43)}`
const bearer = { authorization: `Bearer ${token}` }
let home: TestDatabase
let store: Store
let control: Control
let app: Hono<never>

beforeEach(async () => {
  home = await createTestDatabase()
  ;({ store, control } = await startControl(home.url, clock))
  app = appWith(authenticateAdmin(new Secret(token), control.subaccounts))
})
afterEach(async () => {
  await store.stop()
  await home.remove()
})

const serverStatus = {
  pid: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  version: '0.1.0',
  urls: { control: 'https://c', gateway: 'https://g', health: 'http://h' },
  ca: '/home/ca.pem',
  adminToken: '/home/admin-token',
  generation: 1,
  snapshot: { source: 'database' as const, takenAt: '2026-01-01T00:00:00.000Z' },
  gateways: [],
}

function appWith(authenticate: Authenticate): Hono<never> {
  const status = () => serverStatus
  return createControlApp({ control, authenticate, status, log: silentLogger }) as never
}

async function get(path: string, headers: Record<string, string> = bearer) {
  const response = await app.request(path, { headers })
  return { status: response.status, body: JSON.parse(await response.text()), response }
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const init = { method: 'POST', headers: { ...bearer, ...headers }, body: text }
  const response = await app.request(path, init)
  return { status: response.status, body: JSON.parse(await response.text()), response }
}

const files = (...texts: string[]) => texts.map((text, i) => ({ name: `${i}.yaml`, text }))

const paths = [
  ['POST', '/api/apply'],
  ['POST', '/api/delete'],
  ['GET', '/api/documents'],
  ['GET', '/api/explanations'],
  ['GET', '/api/explanations/some-id'],
  ['GET', '/api/subaccounts'],
  ['POST', '/api/subaccounts'],
  ['GET', '/api/audit'],
  ['GET', '/api/status'],
] as const

describe('the door', () => {
  test.each(paths)('%s %s wants a token', async (method, path) => {
    const body =
      method === 'POST' ? JSON.stringify({ name: 'acme', files: files(gateway('g', 'a')) }) : null
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const response = await app.request(path, { method, headers, body })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
    expect(await control.documents.all()).toEqual([])
    expect((await control.subaccounts.list()).length).toBe(1)
  })

  test.each(paths)("%s %s is for admins, not for an application's token", async (method, path) => {
    app = appWith(async () => ({
      kind: 'client',
      name: 'sb-app',
      subaccountId: devSubaccountId,
      subaccountName: 'dev',
      instanceId: 'i',
    }))
    const response = await app.request(path, { method, body: method === 'POST' ? '{}' : null })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'control/admin-only' })
  })

  test('leaves the nouns of other services to them', async () => {
    expect((await app.request('/api/bindings')).status).toBe(404)
    expect((await app.request('/ca/certificates')).status).toBe(404)
  })
})

describe('documents', () => {
  test('are applied, listed and deleted', async () => {
    const applied = await post('/api/apply', {
      files: files(gateway('g', 'a'), line('Secret', 's', { stringData: { key: 'hunter2' } })),
    })
    expect(applied.status).toBe(200)
    expect(applied.body).toEqual({
      results: [
        { kind: 'Gateway', namespace: 'shop', name: 'g', action: 'created' },
        { kind: 'Secret', namespace: 'shop', name: 's', action: 'created' },
      ],
      warnings: [],
    })
    const listed = await get('/api/documents?kind=Secret&namespace=shop&name=s')
    expect(listed.body).toMatchObject([{ kind: 'Secret', stringData: { key: '[secret]' } }])
    const deleted = await post('/api/delete', { files: files(gateway('g', 'a')) })
    expect(deleted.body.results).toMatchObject([{ name: 'g', action: 'deleted' }])
    expect((await get('/api/documents')).body.length).toBe(1)
  })

  test('with faults are a problem document that names them all', async () => {
    const refused = await post('/api/apply', { files: files('x', `${gateway('g', 'a')}\ny`) })
    expect(refused.status).toBe(422)
    expect(refused.response.headers.get('content-type')).toBe('application/problem+json')
    expect(refused.body).toMatchObject({
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      code: 'control/invalid-documents',
      errors: [
        { file: '0.yaml', document: 0, message: 'not a document' },
        { file: '1.yaml', document: 1, message: 'not a document' },
      ],
    })
  })

  test('of the subaccount in the header are its own', async () => {
    await post('/api/subaccounts', { name: 'acme' })
    const acme = { 'x-twinlatch-subaccount': 'acme' }
    await post('/api/apply', { files: files(gateway('g', 'a')) }, acme)
    expect((await get('/api/documents')).body).toEqual([])
    expect((await get('/api/documents', { ...bearer, ...acme })).body.length).toBe(1)
    expect((await get('/api/audit', { ...bearer, ...acme })).body).toMatchObject([
      { action: 'documents.applied', actor: 'admin' },
    ])
  })

  test('larger than the limit are refused before they are read', async () => {
    const large = { files: files('x'.repeat(8 * 1024 * 1024)) }
    const refused = await post('/api/apply', large)
    expect([refused.status, refused.body.code]).toEqual([413, 'control/body-too-large'])
    const chunk = new TextEncoder().encode('x'.repeat(1024 * 1024))
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 1000) controller.close()
        else controller.enqueue(chunk)
      },
    })
    const init: RequestInit = { method: 'POST', headers: bearer, body, duplex: 'half' }
    expect((await app.request('/api/apply', init)).status).toBe(413)
    expect(sent).toBeLessThan(20)
  })
})

describe('requests with faults', () => {
  test.each<[string, unknown, string[]]>([
    ['an unknown field', { files: [], force: true }, ['$.files', '$']],
    [
      'faults in several places',
      { files: [{ name: '', text: 1 }, { name: 'a' }], dryRun: 'yes' },
      ['$.files[0].name', '$.files[0].text', '$.files[1].text', '$.dryRun'],
    ],
    ['no object', [1], ['$']],
    ['null', null, ['$']],
    ['a prototype', '{"files":[{"name":"a","text":"b"}],"__proto__":{"dryRun":true}}', ['$']],
  ])('%s: all are named by path', async (_name, body, expected) => {
    const refused = await post('/api/apply', body)
    expect([refused.status, refused.body.code]).toEqual([422, 'control/invalid-request'])
    expect(refused.body.errors.map(({ path }: { path: string }) => path)).toEqual(expected)
  })

  test.each([
    '{"files":[{"name":{"length":{"toString":1}},"text":""}]}',
    '{"files":{"length":{"valueOf":1,"toString":1}}}',
  ])('the body %s, in which a length is no number, has faults', async (body) => {
    const refused = await post('/api/apply', body)
    expect([refused.status, refused.body.code]).toEqual([422, 'control/invalid-request'])
  })

  test.each(['', '{', 'files: []', '\0'])('the body %j is no JSON', async (body) => {
    const refused = await post('/api/apply', body)
    expect([refused.status, refused.body.code]).toEqual([400, 'control/malformed-request'])
  })

  test.each([
    ['/api/explanations?stage=nowhere', '$.stage'],
    ['/api/explanations?last=allowed', '$.last'],
    ['/api/explanations?limit=0', '$.limit'],
    ['/api/explanations?limit=-1', '$.limit'],
    ['/api/explanations?limit=1e3', '$.limit'],
    ['/api/explanations?limit=1001', '$.limit'],
    ['/api/explanations?limit=1&limit=2', '$.limit'],
    ['/api/explanations?since=yesterday', '$.since'],
    ['/api/explanations?refused=policy', '$.refused'],
    ['/api/audit?limit=x', '$.limit'],
    ['/api/documents?kind=a&kind=b', '$.kind'],
    ['/api/documents?colour=red', '$'],
    ['/api/subaccounts?limit=1', '$'],
  ])('%s is refused at %s', async (path, place) => {
    const refused = await get(path)
    expect(refused.status).toBe(422)
    expect(refused.body.errors[0].path).toBe(place)
  })

  test('an unknown record is 404', async () => {
    const refused = await get('/api/explanations/6f1c2b7e-2d0a-4e57-9c3b-0d8a4b1f7e21')
    expect([refused.status, refused.body.code]).toEqual([404, 'control/unknown-explanation'])
  })
})

describe('subaccounts', () => {
  test('are created once, and listed', async () => {
    const created = await post('/api/subaccounts', { name: 'acme' })
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({ name: 'acme', host: 'acme.localhost' })
    const again = await post('/api/subaccounts', { name: 'acme' })
    expect([again.status, again.body.code]).toEqual([409, 'control/subaccount-exists'])
    const { body } = await get('/api/subaccounts')
    expect(body.map(({ name }: { name: string }) => name)).toEqual(['acme', 'dev'])
  })

  test('with a name that is none are refused with its place', async () => {
    const refused = await post('/api/subaccounts', { name: 'No Name' })
    expect(refused.status).toBe(422)
    expect(refused.body.errors).toMatchObject([{ path: '$.name' }])
  })
})

describe('when the store fails', () => {
  // How PostgreSQL says so is not a setting of one connection: its own tests take it away.
  const onFile = test.skipIf(testStoreKind === 'postgres')
  onFile('it is a 503 with the reason, and nothing was written', async () => {
    await sql`pragma query_only = on`.execute(store.database)
    const refused = await post('/api/apply', { files: files(gateway('g', 'a')) })
    expect([refused.status, refused.body.code]).toEqual([503, 'store/read-only'])
    await sql`pragma query_only = off`.execute(store.database)
    expect((await post('/api/apply', { files: files(gateway('g', 'a')) })).status).toBe(200)
  })

  test('a damaged row is a 500 with an id and no detail', async () => {
    await post('/api/apply', { files: files(gateway('g', 'a')) })
    await sql`update control_documents set name = 'zzz'`.execute(store.database)
    const failed = await get('/api/documents')
    expect(failed.status).toBe(500)
    expect(failed.body.instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
    expect(JSON.stringify(failed.body)).not.toMatch(/zzz|doc_|sealed/)
  })
})

test('status is what the server says of itself', async () => {
  expect((await get('/api/status')).body).toEqual(serverStatus)
})

test('every route is published, and nothing else is', () => {
  expect(routesOf(app)).toEqual(operationsOf(openApi))
})
