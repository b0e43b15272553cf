import type { TLSSocket } from 'node:tls'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { documents, openStack, type Stack, send } from './stack.ts'
import {
  createTwoHosts,
  gatewayFor,
  secretsOf,
  subject,
  type TwoHosts,
  workload,
} from './two-hosts.ts'

/**
 * What a swap changes holds for the next request of a connection that was open before: much is
 * remembered for a connection, and none of it may outlive its configuration.
 */

const host = 'x.a.localhost'
let hosts: TwoHosts
let stack: Stack
let socket: TLSSocket

beforeAll(async () => {
  hosts = await createTwoHosts()
})
beforeEach(async () => {
  stack = await openStack(configuration(route()))
  socket = await stack.open(host, hosts.clientA, { ca: hosts.ca })
  expect((await call()).status).toBe(200)
})
afterEach(() => {
  socket.destroy()
  return stack.engine.stop(0)
})

function configuration(...more: string[]): string {
  return documents(
    secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
    gatewayFor('a', '*.a.localhost'),
    workload(),
    ...more,
  )
}

function route(some: { host?: string; set?: string } = {}): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a, namespace: quovadis }
spec:
  hosts: ["${some.host ?? host}"]
  gateways: ["quovadis/a"]
  http:
    - headers: { request: { set: { ${some.set ?? ''} } } }
      route: [{ destination: { host: httpbin.quovadis.svc.cluster.local, port: { number: 8000 } } }]`
}

const policy = (action: string, wanted: string) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: clients, namespace: quovadis }
spec:
  targetRefs: [{ group: "", kind: Service, name: httpbin }]
  action: ${action}
  rules:
    - when: [{ key: "connection.tls.peer.subject", values: ["${wanted}"] }]`

const call = (headers: [string, string][] = []) => send(socket, host, { headers })

async function received(name: string): Promise<string | undefined> {
  const { body } = await call([
    ['X-Caller', 'forged'],
    ['X_Caller', 'forged'],
  ])
  return JSON.parse(body).headers[name]
}

test('a policy that appears, and one that goes', async () => {
  const withSubject = 'request.headers[X-Caller]'
  const set = 'X-Caller: "%DOWNSTREAM_PEER_SUBJECT%"'
  const onHeader = policy('DENY', subject).replace('connection.tls.peer.subject', withSubject)
  stack.apply(configuration(route({ set }), onHeader))
  expect((await call()).status).toBe(403)
  stack.apply(configuration(route({ set }), onHeader.replace('CN=orders', 'CN=others')))
  expect((await call()).status).toBe(200)
  stack.apply(configuration(route({ set }), onHeader.replace('DENY', 'ALLOW')))
  expect((await call()).status).toBe(200)
  stack.apply(configuration(route(), onHeader.replace('DENY', 'ALLOW')))
  expect((await call()).status).toBe(403)
  stack.apply(configuration(route()))
  expect((await call()).status).toBe(200)
})

test('a header that routes begin to fill from the peer', async () => {
  expect(await received('X-Caller')).toBe('forged')
  stack.apply(configuration(route({ set: 'X-Caller: "%DOWNSTREAM_PEER_SUBJECT%"' })))
  expect(await received('X-Caller')).toBe(subject)
  expect(await received('X_caller')).toBeUndefined()
  stack.apply(configuration(route({ set: 'X-Caller: "%DOWNSTREAM_PEER_EMAIL_SAN%"' })))
  expect(await received('X-Caller')).toBeUndefined()
  stack.apply(configuration(route({ set: 'X-Caller: "%DOWNSTREAM_PEER_ISSUER%"' })))
  expect(await received('X-Caller')).toContain('Clients A Intermediate')
})

test('a host whose routes go, and one that another server owns now', async () => {
  stack.apply(configuration(route({ host: 'y.a.localhost' })))
  expect((await call()).status).toBe(404)
  stack.apply(
    configuration(
      route(),
      secretsOf('b', hosts.serverB, hosts.clientsB.rootPem),
      gatewayFor('b', host),
    ),
  )
  expect((await call()).status).toBe(421)
  stack.apply(configuration(route()))
  expect((await call()).status).toBe(200)
})

test('a record made before a swap tells what was decided then', async () => {
  stack.apply(configuration(route(), policy('ALLOW', 'CN=nobody')))
  expect((await call()).status).toBe(403)
  const before = stack.lastRecord
  const record = stack.records.at(-1)
  stack.apply(configuration(route()))
  expect((await call()).status).toBe(200)
  expect(before()).toMatchObject({ outcome: 'allowed', policies: [] })
  expect(record?.()).toMatchObject({
    code: 'POL_NO_ALLOW_MATCHED',
    certificate: { subject },
    policies: [{ name: 'quovadis/clients', matched: false, nearMiss: { got: subject } }],
  })
})
