import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { freePort, openOrigin } from '@twinlatch/testing'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type CallOptions, documents, openStack, type Stack } from './stack.ts'
import { createTwoHosts, gatewayFor, secretsOf, type TwoHosts, workload } from './two-hosts.ts'

let hosts: TwoHosts
let stack: Stack
const servers: Server[] = []
const sockets = new Set<Socket>()

beforeAll(async () => {
  hosts = await createTwoHosts()
})
afterEach(async () => {
  await stack.engine.stop(0)
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

const route = (rule: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a, namespace: quovadis }
spec:
  hosts: ["x.a.localhost"]
  gateways: ["quovadis/a"]
  http: [${rule}]`

const destination = 'route: [{ destination: { host: httpbin, port: { number: 8000 } } }]'

async function open(
  upstream: string | null,
  rule = `{ timeout: 5s, retries: { attempts: 0 }, ${destination} }`,
): Promise<void> {
  stack = await openStack(
    documents(
      secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
      gatewayFor('a', '*.a.localhost'),
      route(rule),
      upstream === null
        ? workload()
        : workload({ image: 'other', annotation: `twinlatch.dev/upstream: "${upstream}"` }),
    ),
  )
}

const call = (options: CallOptions = {}) =>
  stack.call('x.a.localhost', hosts.clientA, { tls: { ca: hosts.ca }, ...options })

// A workload that does with its connections what a test says.
async function rawWorkload(behave: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => behave(socket))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const before = 'upstream connect error or disconnect/reset before headers.'

test('a workload that is not there is 503, and again after retries', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  await open(url)
  expect(await call()).toMatchObject({
    status: 503,
    body: `${before} reset reason: remote connection failure`,
    headers: { 'content-type': 'text/plain' },
  })
  expect(stack.lastRecord()).toMatchObject({ code: 'UPS_REFUSED', stage: 'upstream', status: 503 })
  await stack.engine.stop(0)
  await open(url, `{ retries: { attempts: 2 }, ${destination} }`)
  expect((await call()).body).toBe(
    `${before} retried and the latest reset reason: remote connection failure`,
  )
})

test('a workload that closes without an answer is 503', async () => {
  await open(await rawWorkload((socket) => socket.end()))
  expect(await call({ method: 'POST', body: 'x' })).toMatchObject({
    status: 503,
    body: `${before} reset reason: connection termination`,
  })
  expect(stack.lastRecord()).toMatchObject({ code: 'UPS_RESET' })
})

test('a workload that answers garbage is 502', async () => {
  await open(await rawWorkload((socket) => socket.end('hello, this is no HTTP\r\n\r\n')))
  expect(await call()).toMatchObject({
    status: 502,
    body: `${before} reset reason: protocol error`,
  })
  expect(stack.lastRecord()).toMatchObject({ code: 'UPS_RESET' })
})

test('a workload slower than the timeout of the route is 504', async () => {
  await open(await rawWorkload(() => {}), `{ timeout: 50ms, ${destination} }`)
  expect(await call()).toMatchObject({ status: 504, body: 'upstream request timeout' })
  expect(stack.lastRecord()).toMatchObject({ code: 'UPS_TIMEOUT', status: 504 })
})

test('a response that does not end in time is broken off, not cut short', async () => {
  const url = await rawWorkload((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  })
  await open(url, `{ timeout: 100ms, ${destination} }`)
  await expect(call()).rejects.toThrow('aborted')
  expect(stack.lastRecord()).toMatchObject({ outcome: 'allowed', status: 200 })
  await vi.waitFor(() =>
    expect(stack.lastRecord().steps.at(-1)).toMatchObject({ stage: 'response', result: 'fail' }),
  )
})

test('bodies pass both ways', async () => {
  await using origin = await openOrigin(({ body }) => ({ body }))
  await open(origin.url)
  const body = 'x'.repeat(300_000)
  const answer = await call({ method: 'POST', path: '/p?q=1', body })
  expect(answer.body).toBe(body)
  expect(origin.requests).toMatchObject([{ method: 'POST', url: '/p?q=1' }])
})

test('a service without a workload is 503 and says so', async () => {
  stack = await openStack(
    documents(
      secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
      gatewayFor('a', '*.a.localhost'),
      route(`{ ${destination} }`),
      workload({ image: 'something/else' }),
    ),
  )
  expect(await call()).toMatchObject({ status: 503, body: 'no healthy upstream' })
  expect(stack.lastRecord()).toMatchObject({ code: 'UPS_REFUSED' })
})

test('a redirect and a direct response are answered here, with our headers', async () => {
  await open(
    null,
    '{ match: [{ uri: { exact: /old } }], redirect: { uri: /new } }, { directResponse: { status: 418, body: { string: "tea" } } }',
  )
  const moved = await call({ path: '/old' })
  expect(moved).toMatchObject({ status: 301, body: '', headers: { server: 'twinlatch' } })
  expect(moved.headers.location).toBe(`https://x.a.localhost:${stack.port}/new`)
  expect(await call({ path: '/other' })).toMatchObject({ status: 418, body: 'tea' })
  expect(stack.lastRecord()).toMatchObject({ outcome: 'allowed', code: null, status: 418 })
})

test('a path without a route is 404, for gRPC a 200 with status 12', async () => {
  await open(null, `{ match: [{ uri: { exact: /only } }], ${destination} }`)
  expect(await call({ path: '/other' })).toMatchObject({ status: 404, body: '' })
  expect(stack.lastRecord()).toMatchObject({ code: 'RTE_NO_PATH', stage: 'route' })
  const grpc = await call({ path: '/other', headers: [['Content-Type', 'application/grpc+proto']] })
  expect(grpc).toMatchObject({ status: 200, headers: { 'grpc-status': '12' } })
})

test('a rewrite leaves the path before it for the workload', async () => {
  await using origin = await openOrigin()
  await open(
    origin.url,
    `{ match: [{ uri: { prefix: /p/ } }], rewrite: { uri: /new/ }, ${destination} }`,
  )
  await call({ path: '/p/x?q=1', headers: [['X-Envoy-Original-Path', '/admin']] })
  expect(origin.requests).toMatchObject([
    { url: '/new/x?q=1', headers: { 'x-envoy-original-path': '/p/x?q=1' } },
  ])
})

test('the built-in httpbin answers through the gateway', async () => {
  await open(null)
  const answer = await call({
    path: '/headers',
    headers: [
      ['X-A', '1'],
      ['x-a', '2'],
    ],
  })
  expect(JSON.parse(answer.body).headers).toMatchObject({ 'X-A': '1,2' })
  expect(await call({ path: '/status/418' })).toMatchObject({ status: 418 })
  expect((await call({ path: '/bytes/7' })).headers['content-length']).toBe('7')
  expect(await call({ method: 'HEAD', path: '/get' })).toMatchObject({ status: 200, body: '' })
})

test('with public upstreams only, a private one that is stored already is 503 and says why', async () => {
  await using origin = await openOrigin(() => ({ body: 'secrets' }))
  const yaml = (upstream: string) =>
    documents(
      secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
      gatewayFor('a', '*.a.localhost'),
      route(`{ ${destination} }`),
      workload({ image: 'other', annotation: `twinlatch.dev/upstream: "${upstream}"` }),
    )
  stack = await openStack(yaml(origin.url), {
    settings: { upstreams: { privateAddresses: false } },
    problems: 'expected',
  })
  expect(await call()).toMatchObject({ status: 503, body: 'no healthy upstream' })
  expect(stack.lastRecord()).toMatchObject({ code: 'UPS_REFUSED' })
  expect(JSON.stringify(stack.lastRecord())).toContain('gateway.upstreams.privateAddresses')
  expect(origin.requests).toEqual([])
})
