import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Connection,
  createCaClient,
  createConnection,
  createControlClient,
  createDestinationClient,
  createTokenClient,
} from '@twinlatch/client'
import { createApiContract } from '@twinlatch/testing'
import { Agent, fetch as fetchThrough } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startServer } from './stack.ts'

/** What the reference says; a unit test keeps it equal to what the services publish. */
const document = JSON.parse(
  readFileSync(new URL('../../docs/reference/openapi.json', import.meta.url), 'utf8'),
) as Parameters<typeof createApiContract>[0]
const contract = createApiContract(document)

const pem = (text: string) => Buffer.from(text).toString('base64')
const certificatesPath = (level: string) => `/destination-configuration/v1/${level}Certificates`
const destinationsPath = (level: string) => `/destination-configuration/v1/${level}Destinations`
const levels = ['subaccount', 'instance'] as const

let server: Server
let agent: Agent
const called = new Set<string>()

/** `client` with a note of every method that is called. */
function noted<T extends object>(client: T, name: string): T {
  return new Proxy(client, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver)
      const path = `${name}.${String(key)}`
      if (typeof value === 'object' && value !== null) return noted(value, path)
      called.add(path)
      return value
    },
  })
}

function methodsOf(client: object, name: string): string[] {
  return Object.entries(client).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? methodsOf(value, `${name}.${key}`)
      : [`${name}.${key}`],
  )
}

function connect(token?: string, requests: 'right' | 'mistaken' = 'right'): Connection {
  const send = async (url: string, init: RequestInit) => {
    // Of its own classes only: a form of the runtime's has to be bytes by then.
    const sent = new Request(url, init)
    const body = init.body ? new Uint8Array(await sent.arrayBuffer()) : null
    const headers = [...sent.headers]
    const options = { ...init, headers, body, dispatcher: agent } as unknown as Parameters<
      typeof fetchThrough
    >[1]
    return (await fetchThrough(url, options)) as unknown as Response
  }
  return createConnection({
    baseUrl: server.ready.urls.control,
    fetch: contract.fetch(send, requests),
    ...(token === undefined ? {} : { token }),
  })
}

function clientsOf(connection: Connection) {
  return {
    control: noted(createControlClient(connection), 'control'),
    ca: noted(createCaClient(connection), 'ca'),
    destinations: noted(createDestinationClient(connection), 'destinations'),
    tokens: noted(createTokenClient(connection), 'tokens'),
    raw: connection,
  }
}

let admin: ReturnType<typeof clientsOf>
let app: ReturnType<typeof clientsOf>
let root: string

beforeAll(async () => {
  server = await startServer(['--ephemeral', '--sample'])
  agent = new Agent({ connect: { ca: readFileSync(server.ready.ca, 'utf8') } })
  admin = clientsOf(connect(server.adminToken()))
  const { service } = await admin.control.bindings.show('sample-app')
  const { clientid, clientsecret } = service.credentials
  const { access_token: token } = await clientsOf(connect()).tokens.clientCredentials({
    clientId: String(clientid),
    clientSecret: String(clientsecret),
  })
  app = clientsOf(connect(token))
  root = await admin.ca.bundle('clients')
})
afterAll(async () => {
  await agent.close()
  await server.end()
})

describe('every call and its answer are what the document says', () => {
  test('the control API', async () => {
    const file = {
      name: 'a.yaml',
      text: 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: n}\nstringData: {a: b}\n',
    }
    const { control, raw } = admin
    expect((await control.apply([file], { dryRun: true })).results).toHaveLength(1)
    await control.apply([file])
    expect(await control.documents({ kind: 'Secret', namespace: 'n', name: 's' })).toHaveLength(1)
    await control.documents()
    await control.delete([file])
    await control.subaccounts.create('acme')
    await control.subaccounts.list()
    expect((await control.audit({ limit: 10 })).length).toBe(10)
    await control.audit()
    expect(await control.status()).toMatchObject({ pid: server.child.pid })
    const served = JSON.parse(await raw.text({ method: 'GET', path: '/api/openapi.json' }))
    expect(served).toEqual(document)
    await app.raw.text({ method: 'GET', path: '/api/openapi.json' })
  })

  test('explanations, of an allowed call and of refused ones', async () => {
    const sample = join(server.ready.home, 'sample')
    const url = `https://httpbin-x509.mtls.localhost:${server.gatewayPort}/headers`
    const password = readFileSync(join(sample, 'password.txt'), 'utf8').trim()
    const client = (name: string) => [
      ...['--cert-type', 'P12'],
      ...['--cert', `${join(sample, `${name}-quovadis.p12`)}:${password}`],
    ]
    await server.curl([...client('poster'), url])
    await server.curl([...client('partner'), url])
    await server.curl([url])
    const { explanations } = admin.control
    const all = await explanations.list({ last: 'any', limit: 100, since: '10m' })
    expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(['allowed', 'denied']))
    await explanations.list({ last: 'denied', listener: 'gateway', refused: 'handshake' })
    await explanations.list({ stage: 'policy', since: '2026-01-01T00:00:00Z' })
    expect((await explanations.show(all[0]?.id ?? '')).record.id).toBe(all[0]?.id)
  })

  test('the certificate API', async () => {
    const { ca } = admin
    const order = { commonName: 'contract', keyType: 'ec-p256', password: 'Password-1234' } as const
    const issued = await ca.issue(order, { idempotencyKey: 'once' })
    await ca.issue({ ...order, ifMissing: true })
    await ca.issue({ ...order, password: undefined, format: 'pem-secret' } as never)
    await ca.issue({
      ...{ ...order, profile: 'server', format: 'pem' },
      ...{ validity: { value: 5, unit: 'DAYS' }, san: [{ type: 'dns', value: 'a.localhost' }] },
    })
    await ca.list({ name: 'contract', profile: 'client' })
    expect((await app.ca.list()).length).toBeGreaterThan(2)
    await ca.show(issued.id)
    await ca.authorities()
    await ca.chain('partner')
    await ca.roots()
    const bytes = Buffer.from(issued.file ?? '', 'base64')
    await ca.inspectKeystore({ bytes, name: 'a.p12', password: order.password })
    await ca.inspectKeystore({ bytes: Buffer.from('none'), name: 'b.p12' })
  })

  test('the token API', async () => {
    const { tokens } = clientsOf(connect())
    await tokens.tokenKeys()
    await tokens.openidConfiguration()
    const { bindings } = admin.control
    await bindings.create({ name: 'contract' })
    await bindings.list()
    await bindings.show('contract')
    await bindings.delete('contract')
  })

  test.each(levels)('the destination API on %s level', async (level) => {
    const { destinations, raw } = app
    const destination = (Name: string, more: object = {}) => ({
      ...{ Name, Type: 'HTTP', URL: 'https://a.localhost', ProxyType: 'Internet' },
      ...{ Authentication: 'NoAuthentication', ...more },
    })
    await destinations.create(level, destination('one'))
    await destinations.replace(level, destination('one', { a: 'b' }))
    const path = destinationsPath(level)
    const user = { Authentication: 'BasicAuthentication', User: 'u', Password: 'p' }
    const trusting = { TrustStoreLocation: 'trust.pem' }
    const several = [destination('two', user), destination('three'), destination('one', trusting)]
    await raw.text({ method: 'POST', path, json: several })
    await raw.text({ method: 'PUT', path, json: several })
    await raw.text({ method: 'PUT', path, json: [...several, destination('none')] })
    await destinations.list(level)
    for (const query of [
      { $select: 'Name' },
      { $page: 1, $pageSize: 2, $pageCount: true, $entityCount: true },
      { $includeMetadata: 'modification_time;etag' },
      { $filter: "Name in ('one')" },
    ]) {
      await raw.text({ method: 'GET', path, query })
    }
    await destinations.get(level, 'one')
    const trust = { Name: 'trust.pem', Content: pem(root) }
    await destinations.uploadCertificate(level, trust)
    await raw.text({
      method: 'PUT',
      path: certificatesPath(level),
      json: { ...trust, Type: 'CERTIFICATE' },
    })
    await raw.text({ method: 'PUT', path: certificatesPath(level), json: [trust] })
    await destinations.listCertificates(level)
    await raw.text({ method: 'GET', path: certificatesPath(level), query: { $select: 'Name' } })
    await destinations.getCertificate(level, 'trust.pem')
    await raw.text({ method: 'GET', path: `${certificatesPath(level)}/trust.pem/publicKeys` })
    expect((await destinations.find('one')).certificates).toHaveLength(1)
    await destinations.find('two', { skipTokenRetrieval: true, skipCredentials: true })
    expect((await destinations.find('two')).authTokens).toHaveLength(1)
    const second = `/destination-configuration/v2/destinations/one@${level}`
    await raw.text({ method: 'GET', path: second })
    await raw.text({ method: 'GET', path: second, query: { $includeMetadata: 'owner' } })
    await raw.text({ method: 'DELETE', path, query: { $filter: "Name in ('two', 'none')" } })
    expect(await destinations.delete(level, 'one')).toBe(1)
    expect(await destinations.deleteCertificate(level, 'trust.pem')).toBe(1)
    await raw.text({
      ...{ method: 'DELETE', path: certificatesPath(level) },
      query: { $filter: "Name in ('trust.pem')" },
    })
  })
})

describe('every error has the shape of its door', () => {
  const failed = (call: Promise<unknown>) =>
    call.then(
      () => Promise.reject(new Error('it did not fail')),
      (error: { status?: number }) => error.status ?? Promise.reject(error),
    )
  const get = (path: string) => ({ method: 'GET', path }) as const

  test.each([
    '/api/status',
    '/api/bindings',
    '/api/openapi.json',
    '/ca/roots.pem',
    destinationsPath('subaccount'),
  ])('%s without a token', async (path) => {
    expect(await failed(connect().text(get(path)))).toBe(401)
  })

  test.each(['/api/status', '/api/bindings'])(
    '%s with the token of an application',
    async (path) => {
      expect(await failed(app.raw.text(get(path)))).toBe(403)
    },
  )

  test('what is not there', async () => {
    expect(await failed(admin.control.explanations.show('x'))).toBe(404)
    expect(await failed(admin.control.bindings.show('x'))).toBe(404)
    expect(await failed(admin.ca.show('x'))).toBe(404)
    expect(await failed(app.destinations.find('x'))).toBe(404)
    expect(await failed(app.destinations.get('subaccount', 'x'))).toBe(404)
  })

  test('what is there already, and what its level forbids', async () => {
    expect(await failed(admin.control.subaccounts.create('dev'))).toBe(409)
    expect(await failed(admin.control.bindings.create({ name: 'sample-app' }))).toBe(409)
    expect(await failed(admin.destinations.list('instance'))).toBe(403)
  })

  test('what the domain refuses', async () => {
    const file = { name: 'a.yaml', text: 'kind: Nonsense' }
    expect(await failed(admin.control.apply([file]))).toBe(422)
    expect(await failed(admin.control.subaccounts.create('Not A Label'))).toBe(422)
    expect(await failed(admin.control.bindings.create({ name: 'b', credentialType: 'x509' }))).toBe(
      422,
    )
    expect(await failed(admin.ca.issue({ commonName: 'x', password: 'x' }))).toBe(422)
    expect(await failed(app.destinations.create('subaccount', { Name: 'x' }))).toBe(400)
    const { tokens } = clientsOf(connect())
    expect(await failed(tokens.clientCredentials({ clientId: 'x', clientSecret: 'y' }))).toBe(401)
  })

  test.each<[string, Parameters<Connection['text']>[0], number]>([
    ['no files', { method: 'POST', path: '/api/apply', json: {} }, 422],
    ['a limit that is none', { ...get('/api/audit'), query: { limit: 'x' } }, 422],
    ['an unknown parameter', { ...get('/api/documents'), query: { x: 1 } }, 422],
    [
      'a name that is a number',
      { method: 'POST', path: '/api/subaccounts', json: { name: 1 } },
      422,
    ],
    [
      'a binding of no kind',
      { method: 'POST', path: '/api/bindings', json: { name: '../x' } },
      422,
    ],
    ['a field of no order', { method: 'POST', path: '/ca/certificates', json: { x: 1 } }, 400],
    ['a filter of no list', { ...get('/ca/certificates'), query: { status: 'x' } }, 400],
    [
      'a form without a file',
      { method: 'POST', path: '/ca/keystores/inspect', form: new FormData() },
      400,
    ],
    [
      'a certificate without content',
      { method: 'POST', path: certificatesPath('subaccount'), json: { Name: 'a' } },
      400,
    ],
    [
      'a property that is no text',
      { method: 'POST', path: destinationsPath('subaccount'), json: { Name: [] } },
      400,
    ],
    ['a page that is none', { ...get(destinationsPath('subaccount')), query: { $page: 'x' } }, 400],
  ])('a request that the document does not allow is refused: %s', async (_name, call, status) => {
    const connection = connect(server.adminToken(), 'mistaken')
    expect(await failed(connection.text(call))).toBe(status)
  })

  test('a form that is no token request', async () => {
    const form = new URLSearchParams({ grant_type: 'magic' })
    const call = { method: 'POST', path: '/oauth/token', form } as const
    expect(await failed(connect(undefined, 'mistaken').text(call))).toBe(401)
  })
})

test('every operation of the document was called, and succeeded', () => {
  const operations = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods) as { operationId: string }[])
    .map(({ operationId }) => operationId)
  const succeeded = new Set(
    contract.calls.filter(({ status }) => status < 300).map(({ operation }) => operation),
  )
  expect(operations.filter((id) => !succeeded.has(id))).toEqual([])
  expect(operations.length).toBeGreaterThan(45)
})

test('every method of the typed clients was called', () => {
  const { raw: _, ...clients } = clientsOf(connect())
  const methods = Object.entries(clients).flatMap(([name, client]) => methodsOf(client, name))
  expect(methods.filter((method) => !called.has(method))).toEqual([])
})
