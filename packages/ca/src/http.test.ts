import { ClientError, createCaClient, createConnection } from '@twinlatch/client'
import { devSubaccountId, newSubaccountId, silentLogger } from '@twinlatch/kit'
import { readPkcs12 } from '@twinlatch/pki'
import {
  createFakeClock,
  createTestAuthority,
  openTestStore,
  operationsOf,
  routesOf,
  type TestStore,
} from '@twinlatch/testing'
import type { Authenticate } from '@twinlatch/trust'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CertificateAuthority } from './certificate-authority.ts'
import { createCaApp } from './http.ts'
import { migrations } from './migrations.ts'
import { notBuiltYet } from './not-built-yet.ts'
import { openApi } from './openapi.ts'
import { openCertificateAuthority } from './service.ts'

const acmeId = newSubaccountId()
const password = 'correct horse battery'
const order = { commonName: 'poster', keyType: 'ec-p256', format: 'modern', password } as const

const authenticate: Authenticate = async (headers) => {
  const token = headers.get('authorization')?.replace('Bearer ', '')
  const dev = { subaccountId: devSubaccountId, subaccountName: 'dev', instanceId: null }
  if (token === 'admin') return { kind: 'admin', name: 'admin', ...dev }
  if (token === 'app') return { kind: 'client', name: 'sb-app!b1', ...dev }
  if (token === 'acme') {
    return {
      ...{ kind: 'admin', name: 'admin', instanceId: null },
      ...{ subaccountId: acmeId, subaccountName: 'acme' },
    }
  }
  return { reason: 'missing', description: 'no token' }
}

const clock = createFakeClock()
let stage: TestStore
let ca: CertificateAuthority
let app: ReturnType<typeof createCaApp>
let request: (path: string, init?: RequestInit) => Promise<Response>
const clientOf = (token: string) =>
  createCaClient(
    createConnection({
      baseUrl: 'http://ca.test',
      fetch: (url, init) => request(url.slice('http://ca.test'.length), init),
      token,
    }),
  )

beforeAll(async () => {
  stage = await openTestStore([migrations], { clock })
  const log = silentLogger
  ca = await openCertificateAuthority({ store: stage.store, audit: stage.audit, clock, log })
  app = createCaApp({ ca, authenticate, log, clock })
  request = async (path, init) => app.request(path, init)
})
afterAll(async () => {
  await ca.stop()
  await stage.stop()
})

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return request(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { authorization: 'Bearer admin', 'content-type': 'application/json', ...headers },
  })
}

const asAdmin = { headers: { authorization: 'Bearer admin' } }

describe('POST /ca/certificates', () => {
  test('answers the certificate in all forms, and the file once', async () => {
    const response = await post('/ca/certificates', order)
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = (await response.json()) as Record<string, string>
    expect(body).toEqual({
      id: expect.stringMatching(/^cert_[0-9a-f]{32}$/),
      name: 'poster',
      subject:
        'CN=poster (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local,OU=Twinlatch Clients,O=Twinlatch,C=DE',
      subjectForms: {
        rfc2253: body['subject'],
        openssl:
          'C = DE, O = Twinlatch, OU = Twinlatch Clients, OU = Local, OU = e56e1a2a-7dc2-5c14-b789-e39e4b30b093, L = dev.localhost, CN = poster (P000000)',
        slash:
          '/C=DE/O=Twinlatch/OU=Twinlatch Clients/OU=Local/OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093/L=dev.localhost/CN=poster (P000000)',
        java: 'CN=poster (P000000), L=dev.localhost, OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093, OU=Local, OU=Twinlatch Clients, O=Twinlatch, C=DE',
      },
      issuer: 'CN=Dev Client CA,OU=Twinlatch Clients,O=Twinlatch,C=DE',
      serial: expect.stringMatching(/^[0-9a-f]{32}$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      notBefore: '2026-11-23T11:59:00.000Z',
      notAfter: '2027-11-23T11:59:59.000Z',
      status: 'active',
      profile: 'client',
      keyType: 'ec-p256',
      chain: expect.stringMatching(
        /^(-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n){3}$/,
      ),
      file: expect.any(String),
      fileName: 'poster.p12',
    })
    const keystore = await readPkcs12(Buffer.from(body['file'] as string, 'base64'), password)
    expect(keystore.entries[0]?.certificate.sha256).toBe(body['sha256'])
  })

  test('pem-secret answers the key in the clear, and no file', async () => {
    const { password: _, ...rest } = order
    const body = await (await post('/ca/certificates', { ...rest, format: 'pem-secret' })).json()
    expect(body).toMatchObject({ privateKeyPem: expect.stringContaining('BEGIN PRIVATE KEY') })
    expect(body).not.toHaveProperty('file')
  })

  test('ifMissing answers 200 with the existing one, without its key', async () => {
    const only = { ...order, commonName: 'only-one' }
    const first = (await (await post('/ca/certificates', only)).json()) as { id: string }
    const response = await post('/ca/certificates', { ...only, ifMissing: true })
    expect(response.status).toBe(200)
    const body = await response.json()
    expect(body).toMatchObject({ id: first.id })
    expect(body).not.toHaveProperty('file')
  })

  test('the same Idempotency-Key again is 409 and shows nothing', async () => {
    const headers = { 'idempotency-key': 'call-1' }
    expect((await post('/ca/certificates', order, headers)).status).toBe(201)
    const response = await post('/ca/certificates', order, headers)
    expect(response.status).toBe(409)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({ code: 'ca/already-issued' })
  })

  test.each<[string, unknown, number, string, string[]]>([
    ['not JSON', '{"password": "', 400, 'ca/malformed-request', []],
    ['an array', [], 400, 'ca/malformed-request', ['']],
    ['nothing', {}, 400, 'ca/malformed-request', ['commonName']],
    ['an unknown field', { ...order, subject: 'CN=root' }, 400, 'ca/malformed-request', ['']],
    [
      'several wrong types',
      { ...order, keyType: 'rsa1024', validity: { value: 1.5, unit: 'WEEKS' } },
      400,
      'ca/malformed-request',
      ['validity.value', 'validity.unit', 'keyType'],
    ],
    ['a short password', { ...order, password: 'short' }, 422, 'ca/password', ['password']],
    [
      'names as the wire calls them',
      { ...order, commonName: ' ', san: [{ type: 'ip', value: '::1' }] },
      422,
      'ca/profile-forbids',
      ['san[0]', 'commonName'],
    ],
    ['a CSR', { ...order, csr: 'x' }, 422, 'ca/not-built-yet', ['csr']],
    ['automatic renewal', { ...order, autoRenew: true }, 422, 'ca/not-built-yet', ['autoRenew']],
  ])('%s is a problem document', async (_, body, status, code, paths) => {
    const response = await post('/ca/certificates', body)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const problem = (await response.json()) as { code: string; errors?: { path: string }[] }
    expect(problem.code).toBe(code)
    expect((problem.errors ?? []).map(({ path }) => path)).toEqual(paths)
  })

  test('a body that is not JSON is not quoted', async () => {
    const response = await post('/ca/certificates', `{"password":"${password}",`)
    expect(await response.text()).not.toContain(password)
  })

  test('a body that is too large is 413', async () => {
    const response = await post('/ca/certificates', { ...order, commonName: 'x'.repeat(70_000) })
    expect(response.status).toBe(413)
  })

  test('too many keys are 429 with Retry-After', async () => {
    const limited = await openCertificateAuthority({
      ...{ store: stage.store, audit: stage.audit, clock, log: silentLogger },
      limits: { keyBurst: 0.1, keysPerSecond: 0.01 },
    })
    const app = createCaApp({ ca: limited, authenticate, log: silentLogger })
    const call = () =>
      app.request('/ca/certificates', {
        method: 'POST',
        body: JSON.stringify(order),
        ...asAdmin,
      })
    expect((await call()).status).toBe(201)
    const response = await call()
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('10')
    await limited.stop()
  })

  test.each([
    ['without a token', {}, 401, 'auth/missing'],
    ['with the token of an application', { authorization: 'Bearer app' }, 403, 'ca/not-allowed'],
  ])('%s nothing is issued', async (_, headers, status, code) => {
    const body = JSON.stringify(order)
    const response = await request('/ca/certificates', { method: 'POST', body, headers })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })
})

describe('reading', () => {
  test.each([
    '/ca/authorities',
    '/ca/authorities/clients/bundle.pem',
    '/ca/roots.pem',
    '/ca/certificates',
    '/ca/certificates/poster',
    '/ca/nothing',
  ])('GET %s needs authentication', async (path) => {
    const response = await request(path)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('the authorities, with root and issuing certificate', async () => {
    const list = await clientOf('app').authorities()
    expect(
      list.map(({ name, profile, subject, issuing }) => [name, profile, subject, issuing.subject]),
    ).toEqual([
      [
        'clients',
        'client',
        'CN=Dev Root CA,O=Twinlatch,C=DE',
        'CN=Dev Client CA,OU=Twinlatch Clients,O=Twinlatch,C=DE',
      ],
      [
        'partner',
        'partner',
        'CN=Partner Root CA,O=Twinlatch,C=DE',
        'CN=Partner Client CA,OU=Twinlatch Partners,O=Twinlatch,C=DE',
      ],
      [
        'server',
        'server',
        'CN=Dev Server Root CA,O=Twinlatch,C=DE',
        'CN=Dev Server CA,O=Twinlatch,C=DE',
      ],
    ])
  })

  test('the bundle is the root only, the chain both, the roots all three', async () => {
    const client = clientOf('app')
    const count = (pem: string) => pem.match(/BEGIN CERTIFICATE/g)?.length
    expect(count(await client.bundle('clients'))).toBe(1)
    expect(count(await client.chain('clients'))).toBe(2)
    expect(count(await client.roots())).toBe(3)
    expect(await client.chain('clients')).toContain(await client.bundle('clients'))
  })

  test('an unknown authority, certificate or path is 404', async () => {
    for (const path of ['/ca/authorities/x/bundle.pem', '/ca/certificates/x', '/ca/x']) {
      expect((await request(path, asAdmin)).status).toBe(404)
    }
  })

  test('a list holds stored facts, no keys, of this subaccount only', async () => {
    await clientOf('acme').issue({ ...order, commonName: 'theirs' })
    const theirs = await clientOf('acme').list()
    expect(theirs.map(({ name }) => name)).toEqual(['theirs'])
    expect(Object.keys(theirs[0] ?? {}).sort()).toEqual([
      ...['id', 'issuer', 'keyType', 'name', 'notAfter', 'notBefore', 'profile', 'serial'],
      ...['sha256', 'status', 'subject'],
    ])
    const ours = await clientOf('admin').list()
    expect(ours.map(({ name }) => name)).not.toContain('theirs')
    expect(await clientOf('acme').list({ name: 'x' })).toEqual([])
  })

  test('one certificate comes with its chain and never with a key', async () => {
    const shown = await clientOf('acme').show('theirs')
    expect(shown.chain.match(/BEGIN/g)).toHaveLength(3)
    expect(JSON.stringify(shown)).not.toContain('PRIVATE KEY')
    expect(shown).not.toHaveProperty('chainPem')
    await expect(clientOf('admin').show('theirs')).rejects.toMatchObject({ status: 404 })
  })

  test('an unknown filter is refused', async () => {
    expect((await request('/ca/certificates?expiresBefore=x', asAdmin)).status).toBe(400)
  })
})

test.each(notBuiltYet)('$method $path is refused by name', async ({ method, path }) => {
  const response = await request(path.replace(/:\w+/, 'x'), { method, ...asAdmin })
  expect(response.status).toBe(404)
  const problem = (await response.json()) as { code: string; detail: string }
  expect(problem.code).toBe('ca/not-built-yet')
  expect(problem.detail).toContain('not built yet')
})

describe('POST /ca/keystores/inspect', () => {
  test('says what is in a file and keeps nothing of it', async () => {
    const authority = await createTestAuthority({ name: 'A', now: clock.now() })
    const leaf = await authority.issue({ subject: 'CN=inspected,O=X' })
    const bytes = await leaf.toPkcs12(password)
    const report = await clientOf('app').inspectKeystore({ bytes, name: 'a.p12', password })
    expect(report).toMatchObject({ kind: expect.any(String), findings: expect.any(Array) })
    expect(JSON.stringify(report)).toContain('CN=inspected,O=X')
    expect(JSON.stringify(report)).not.toContain(password)
    expect((await stage.files()).includes('inspected')).toBe(false)
  })

  test.each([
    ['no file', new FormData()],
    ['not a form', 'x'],
  ])('%s is 400', async (_, body) => {
    const response = await request('/ca/keystores/inspect', { method: 'POST', body, ...asAdmin })
    expect(response.status).toBe(400)
  })

  test('a file over the limit is 413', async () => {
    const body = new FormData()
    body.set('file', new Blob([new Uint8Array(1_100_000)]), 'big.p12')
    const response = await request('/ca/keystores/inspect', { method: 'POST', body, ...asAdmin })
    expect(response.status).toBe(413)
  })
})

test('a failure of ours answers an id and no detail', async () => {
  const broken = {
    ...ca,
    list: async () => {
      throw new Error('the secret path /var/x')
    },
  }
  const app = createCaApp({ ca: broken, authenticate, log: silentLogger })
  const response = await app.request('/ca/certificates', asAdmin)
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('/var/x')
})

test('the client turns a problem document into a ClientError', async () => {
  const error = await clientOf('admin')
    .issue({ ...order, password: 'x' })
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ClientError)
  expect(error).toMatchObject({
    status: 422,
    code: 'ca/password',
    problem: { errors: [{ path: 'password' }] },
  })
})

test('every route that is built is published, and nothing else is', () => {
  const notBuilt = routesOf({ routes: notBuiltYet })
  const built = routesOf(app).filter((route) => !notBuilt.includes(route))
  expect(built).toEqual(operationsOf(openApi))
})

test('a caller who has many keystores read is slowed down, and nobody else is', async () => {
  const inspect = (token: string) => {
    const body = new FormData()
    body.set('file', new Blob(['no keystore']), 'a.p12')
    const headers = { authorization: `Bearer ${token}` }
    return request('/ca/keystores/inspect', { method: 'POST', body, headers })
  }
  const answers: Response[] = []
  for (let tries = 0; tries < 31; tries += 1) answers.push(await inspect('acme'))
  expect(answers.slice(0, 30).map(({ status }) => status)).toEqual(Array(30).fill(200))
  expect(answers[30]?.status).toBe(429)
  expect(answers[30]?.headers.get('retry-after')).toBe('1')
  expect((await inspect('app')).status).toBe(200)
  clock.advance(1000)
  expect((await inspect('acme')).status).toBe(200)
})
