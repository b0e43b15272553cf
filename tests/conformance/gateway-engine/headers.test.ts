import { type Origin, openOrigin } from '@twinlatch/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type CallOptions, documents, openStack, type Stack } from './stack.ts'
import {
  createTwoHosts,
  gatewayFor,
  routeFor,
  secretsOf,
  subject,
  type TwoHosts,
  workload,
} from './two-hosts.ts'

let hosts: TwoHosts
let origin: Origin
let stack: Stack
const issuer = 'CN=Clients A Intermediate 1,O=Twinlatch Test,C=DE'
const gatewaySpiffe =
  'spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account'

beforeAll(async () => {
  hosts = await createTwoHosts()
  origin = await openOrigin(() => ({
    headers: {
      server: 'workload/1.0',
      'x-envoy-upstream-service-time': '999',
      'x-request-id': 'forged',
      'x-forwarded-client-cert': 'Hash=00',
      'x-own': 'kept',
    },
    body: 'from the workload',
  }))
})
afterAll(() => origin.stop())

beforeEach(async () => {
  stack = await openStack(configuration(), { settings: { meshHop: { enabled: true } } })
})
afterEach(() => stack.engine.stop(0))

function configuration(mode = 'MUTUAL'): string {
  return documents(
    secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
    gatewayFor('a', '*.a.localhost', mode),
    routeFor('a', 'x.a.localhost'),
    workload({ image: 'other', annotation: `twinlatch.dev/upstream: "${origin.url}"` }),
  )
}

const call = (options: CallOptions = {}, client: TwoHosts['clientA'] | null = hosts.clientA) =>
  stack.call('x.a.localhost', client, { tls: { ca: hosts.ca }, ...options })

/** Header lines that reached the workload, names in lower case. */
function received(name: string): string[] {
  const lines = origin.requests.at(-1)?.rawHeaders ?? []
  return lines.filter((_, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === name)
}

test('the workload sees the headers of the published recipe', async () => {
  const answer = await call()
  expect(answer.status).toBe(200)
  const { sha256 } = hosts.clientA.certificate
  const host = `x.a.localhost:${stack.port}`
  expect(received('x-client-ssl-cn')).toEqual([subject])
  expect(received('x-client-ssl-issuer')).toEqual([issuer])
  expect(received('x-client-ssl-san')).toEqual([])
  expect(received('x-forwarded-host')).toEqual([host])
  expect(received('host')).toEqual([host])
  expect(received('x-envoy-attempt-count')).toEqual(['1'])
  expect(received('x-envoy-expected-rq-timeout-ms')).toEqual(['300000'])
  expect(received('x-forwarded-for')).toEqual(['127.0.0.1'])
  expect(received('x-forwarded-proto')).toEqual(['https'])
  expect(received('x-envoy-external-address')).toEqual(['127.0.0.1'])
  expect(received('x-request-id')).toEqual([answer.headers['x-request-id']])
  const [xfcc = ''] = received('x-forwarded-client-cert')
  expect(xfcc.replace(/Cert="[^"]*"/, 'Cert=…')).toBe(
    `Hash=${sha256};Cert=…;Subject="${subject}";URI=,` +
      `By=spiffe://cluster.local/ns/quovadis/sa/httpbin;Hash=${'0'.repeat(64)};Subject="";URI=${gatewaySpiffe}`,
  )
})

test('a manifest keeps its spelling, the client keeps its own', async () => {
  await call({ headers: [['X-MiXed', 'a']] })
  const names = origin.requests.at(-1)?.rawHeaders ?? []
  expect(names).toContain('X-CLIENT-SSL-CN')
  expect(names).toContain('X-MiXed')
})

// Each of them would be believed by somebody behind the gateway.
const forged: [string, string][] = [
  ['X-Client-Ssl-Cn', 'CN=admin'],
  ['X_Client_Ssl_Cn', 'CN=admin'],
  ['x-client_ssl-san', 'spiffe://admin'],
  ['X-Client-Ssl-San', 'spiffe://admin'],
  ['X-Client-Ssl-Verify', 'SUCCESS'],
  // No protected name: removed because the route fills it, although it has no value to fill in.
  ['X-Caller-San', 'spiffe://admin'],
  ['X_Caller_San', 'spiffe://admin'],
  ['X-Forwarded-Client-Cert', 'Hash=00;Subject="CN=admin"'],
  ['X_Forwarded_Client_Cert', 'Hash=00;Subject="CN=admin"'],
  ['Client-Cert', ':AAAA:'],
  ['Client-Cert-Chain', ':AAAA:'],
  ['SSL-Client-Subject', 'CN=admin'],
  ['X-SSL-Client-DN', 'CN=admin'],
  ['X-Client-Cert', 'AAAA'],
  ['X-Envoy-Internal', 'true'],
  ['X-Envoy-Original-Path', '/admin'],
  ['X-Envoy-Anything', 'yes'],
  ['X-Forwarded-Proto', 'http'],
  ['X_Forwarded_Host', 'admin.example'],
  ['X_Request_Id', 'forged'],
]
test.each(forged)('a forged %s never reaches the workload', async (name, value) => {
  const answer = await call({
    headers: [
      [name, value],
      [name, value],
    ],
  })
  expect(answer.status).toBe(200)
  expect(received(name.toLowerCase())).not.toContain(value)
  expect(origin.requests.at(-1)?.rawHeaders).not.toContain(value)
  expect(received('x-client-ssl-cn')).toEqual([subject])
})

test('what a client may say itself is passed on', async () => {
  await call({
    headers: [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Forwarded-For', '192.0.2.2, 192.0.2.3'],
      ['Authorization', 'Bearer abc'],
      ['Referer', 'https://user@evil.example/'],
    ],
  })
  expect(received('x-forwarded-for')).toEqual(['192.0.2.1,192.0.2.2, 192.0.2.3,127.0.0.1'])
  expect(received('authorization')).toEqual(['Bearer abc'])
  expect(received('referer')).toEqual([])
})

test('the request id of the client becomes the parent of the record', async () => {
  const answer = await call({ headers: [['X-Request-Id', 'caller-1']] })
  expect(answer.headers['x-request-id']).not.toBe('caller-1')
  expect(stack.lastRecord()).toMatchObject({
    id: answer.headers['x-request-id'],
    parentId: 'caller-1',
  })
})

test('what a workload says in the name of the gateway is not believed', async () => {
  const { headers } = await call()
  expect(headers).toMatchObject({ server: 'twinlatch', 'x-own': 'kept' })
  expect(headers['x-request-id']).not.toBe('forged')
  expect(headers['x-envoy-upstream-service-time']).toMatch(/^\d+$/)
  expect(headers['x-envoy-upstream-service-time']).not.toBe('999')
  expect(headers).not.toHaveProperty('x-forwarded-client-cert')
})

test('without a certificate on an optional host no identity reaches the workload', async () => {
  stack.apply(configuration('OPTIONAL_MUTUAL'))
  const answer = await call({ headers: [['X-Client-Ssl-Cn', 'CN=admin']] }, null)
  expect(answer.status).toBe(200)
  expect(received('x-client-ssl-cn')).toEqual([])
  expect(received('x-forwarded-client-cert')).toEqual([
    expect.stringMatching(/^By=spiffe:.*Subject="";URI=spiffe:/),
  ])
  expect(stack.lastRecord().certificate).toBeNull()
})

test('an optional host refuses a bad certificate; a SIMPLE host never asks for one', async () => {
  const expired = await hosts.clientsA.issue({ subject, shape: 'expired' })
  stack.apply(configuration('OPTIONAL_MUTUAL'))
  expect((await call({}, expired)).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({ code: 'VAL_EXPIRED' })
  stack.apply(configuration('SIMPLE'))
  expect((await call({}, expired)).status).toBe(200)
  expect(stack.lastRecord().certificate).toBeNull()
  expect(received('x-client-ssl-cn')).toEqual([])
})

test('a forwarding mode appends to a good value and refuses a malformed one with 400', async () => {
  await stack.engine.stop(0)
  stack = await openStack(configuration(), {
    settings: { xfcc: { mode: 'APPEND_FORWARD', trustedProxyAcknowledged: true, details: [] } },
  })
  const before = origin.requests.length
  const bad = await call({ headers: [['X-Forwarded-Client-Cert', 'Hash=1;Subject="open']] })
  expect(bad).toMatchObject({ status: 400, body: 'Bad Request' })
  expect(stack.lastRecord()).toMatchObject({ code: null, status: 400, outcome: 'denied' })
  expect(origin.requests).toHaveLength(before)
  const good = await call({ headers: [['X-Forwarded-Client-Cert', 'Hash=1']] })
  expect(good.status).toBe(200)
  expect(received('x-forwarded-client-cert')).toEqual([
    `Hash=1,Hash=${hosts.clientA.certificate.sha256}`,
  ])
})
