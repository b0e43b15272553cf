import { renderExplanation } from '@twinlatch/trust'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { documents, openStack, type Stack } from './stack.ts'
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
let stack: Stack
beforeAll(async () => {
  hosts = await createTwoHosts()
})
afterEach(() => stack.engine.stop(0))

const open = async (...more: string[]) => {
  stack = await openStack(
    documents(
      secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
      gatewayFor('a', '*.a.localhost'),
      routeFor('a', 'x.a.localhost'),
      workload(),
      ...more,
    ),
  )
}

const call = (options: Parameters<Stack['call']>[2] = {}, client = hosts.clientA) =>
  stack.call('x.a.localhost', client, { tls: { ca: hosts.ca }, ...options })

type Point = 'service' | 'pods' | 'gateway'
const attachments: Record<Point, string> = {
  service: 'targetRefs: [{ group: "", kind: Service, name: httpbin }]',
  pods: 'selector: { matchLabels: { app: httpbin } }',
  gateway: 'selector: { matchLabels: { istio: ingressgateway } }',
}

function policy(point: Point, action: string, key: string, values: string): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: clients, namespace: ${point === 'gateway' ? 'istio-system' : 'quovadis'} }
spec:
  ${attachments[point]}
  action: ${action}
  rules: [{ when: [{ key: "${key}", ${values} }] }]`
}

const cn = 'request.headers[X-Client-Ssl-Cn]'

test.each(['service', 'pods'] as const)(
  'a policy on the header the route sets decides at the workload (%s)',
  async (point) => {
    await open(policy(point, 'ALLOW', cn, `values: ["${subject}"]`))
    expect((await call()).status).toBe(200)
    const other = await hosts.clientsA.issue({ subject: 'CN=orders,OU=Other,O=Example,C=DE' })
    expect(await call({}, other)).toMatchObject({ status: 403, body: 'RBAC: access denied' })
  },
)

test('a refused subject is told with the RDN that differs', async () => {
  await open(policy('service', 'ALLOW', cn, `values: ["${subject}"]`))
  const other = await hosts.clientsA.issue({ subject: 'CN=orders,OU=Other,O=Example,C=DE' })
  const answer = await call({ headers: [['X-Client-Ssl-Cn', subject]] }, other)
  expect(answer.status).toBe(403)
  const record = stack.lastRecord()
  expect(record).toMatchObject({
    code: 'POL_NO_ALLOW_MATCHED',
    stage: 'policy',
    status: 403,
    id: answer.headers['x-request-id'],
    policies: [
      {
        name: expect.stringContaining('clients'),
        point: 'workload',
        matched: false,
        nearMiss: {
          wanted: subject,
          got: 'CN=orders,OU=Other,O=Example,C=DE',
          difference: 'RDN 2: OU=Clients / OU=Other',
        },
      },
    ],
  })
  const text = renderExplanation(record, { now: new Date() })
  expect(text).toContain(
    '    got     CN=orders,OU=Other,O=Example,C=DE\n                      ~~~~~~~~\n',
  )
})

// Only the gateway point can pass this one: it runs before the route has set the header.
test('a policy on that header at the gateway sees nothing, whatever the client sends', async () => {
  await open(policy('gateway', 'DENY', cn, 'values: ["*"]'))
  expect((await call({ headers: [['X-Client-Ssl-Cn', 'CN=admin']] })).status).toBe(200)
  expect((await call({ headers: [['X_Client_Ssl_Cn', 'CN=admin']] })).status).toBe(200)
})

// And only the workload point this one: the same policy there sees what the route has set.
test('the same policy at the workload sees the header of the route', async () => {
  await open(policy('service', 'DENY', cn, 'values: ["*"]'))
  expect(await call()).toMatchObject({ status: 403, body: 'RBAC: access denied' })
  expect(stack.lastRecord()).toMatchObject({ code: 'POL_DENY_MATCHED' })
})

test('an ALLOW policy on that header at the gateway lets nobody in', async () => {
  await open(policy('gateway', 'ALLOW', cn, `values: ["${subject}"]`))
  expect((await call({ headers: [['X-Client-Ssl-Cn', subject]] })).status).toBe(403)
})

test('a denied request for an unknown host is 403 at the gateway point, not 404', async () => {
  await open(policy('gateway', 'DENY', 'request.headers[X-Bad]', 'values: ["yes"]'))
  const tls = { ca: hosts.ca }
  const denied = await stack.call('y.a.localhost', hosts.clientA, {
    tls,
    headers: [['X-Bad', 'yes']],
  })
  expect(denied.status).toBe(403)
  const unknown = await stack.call('y.a.localhost', hosts.clientA, { tls })
  expect(unknown).toMatchObject({ status: 404, body: '' })
  expect(stack.lastRecord()).toMatchObject({ code: 'RTE_NO_HOST', status: 404 })
})

test('the XFCC of the gateway can be matched at the gateway', async () => {
  const key = 'request.headers[x-forwarded-client-cert]'
  const hash = hosts.clientA.certificate.sha256
  await open(policy('gateway', 'ALLOW', key, `values: ["Hash=${hash};*"]`))
  expect((await call()).status).toBe(200)
  const other = await hosts.clientsA.issue({ subject })
  const forged = { headers: [['X-Forwarded-Client-Cert', `Hash=${hash};Subject=""`]] as const }
  expect((await call(forged, other)).status).toBe(403)
})

test('Host may carry the mapped port of the listener; policies see it without', async () => {
  await open(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: hosts, namespace: quovadis }
spec:
  selector: { matchLabels: { app: httpbin } }
  action: ALLOW
  rules: [{ to: [{ operation: { hosts: ["x.a.localhost"], ports: ["80"] } }] }]`)
  expect((await call()).status).toBe(200)
})

test('an encoded dot segment is 400 before any policy or route', async () => {
  await open()
  expect(await call({ path: '/a/..%2fheaders' })).toMatchObject({
    status: 400,
    body: 'Bad Request',
  })
  expect(stack.lastRecord()).toMatchObject({ outcome: 'denied', status: 400 })
})
