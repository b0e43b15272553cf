import { parseRevocationLists } from '@twinlatch/pki'
import { createFakeClock, type FakeClock, type Origin, openOrigin } from '@twinlatch/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { documents, openStack, type Stack, send } from './stack.ts'
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
let clock: FakeClock

beforeAll(async () => {
  hosts = await createTwoHosts()
  origin = await openOrigin(() => ({ body: 'from the workload' }))
})
afterAll(() => origin.stop())

beforeEach(async () => {
  clock = createFakeClock(new Date())
  stack = await openStack(configuration(), { clock })
})
afterEach(() => stack.engine.stop(0))

function configuration(
  some: {
    bundleA?: string
    bundleB?: string
    crlA?: string
    serverA?: TwoHosts['serverA']
    more?: string
  } = {},
): string {
  const { serverA = hosts.serverA, bundleA = hosts.clientsA.rootPem } = some
  return documents(
    secretsOf('a', serverA, bundleA, some.crlA),
    secretsOf('b', hosts.serverB, some.bundleB ?? hosts.clientsB.rootPem),
    gatewayFor('a', '*.a.localhost'),
    gatewayFor('b', '*.b.localhost'),
    routeFor('a', 'x.a.localhost'),
    routeFor('b', 'x.b.localhost'),
    workload({ image: 'other', annotation: `twinlatch.dev/upstream: "${origin.url}"` }),
    ...(some.more ? [some.more] : []),
  )
}

const call = (session?: Buffer) =>
  stack.call('x.a.localhost', hosts.clientA, {
    tls: { ca: hosts.ca, ...(session ? { session } : {}) },
  })

test('a swap that changes nothing of a host keeps its sessions; a changed bundle ends them', async () => {
  const { session } = await call()
  stack.apply(configuration({ bundleB: hosts.clientsA.rootPem }))
  expect((await call(session)).status).toBe(200)
  expect(stack.lastRecord().connection.resumed).toBe(true)
  stack.apply(configuration({ bundleA: hosts.clientsA.rootPem + hosts.clientsB.rootPem }))
  expect((await call(session)).status).toBe(200)
  expect(stack.lastRecord().connection.resumed).toBe(false)
})

test('an open connection ends with its next request once its authority was removed', async () => {
  const socket = await stack.open('x.a.localhost', hosts.clientA, { ca: hosts.ca })
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  const before = origin.requests.length
  stack.apply(configuration({ bundleA: hosts.clientsB.rootPem }))
  expect((await send(socket, 'x.a.localhost')).status).toBeNull()
  expect(socket.destroyed).toBe(true)
  expect(stack.lastRecord()).toMatchObject({
    code: 'CHN_UNKNOWN_AUTHORITY',
    status: null,
    certificate: { subject },
  })
  expect(origin.requests).toHaveLength(before)
})

test('an open connection lives on while its authority is trusted', async () => {
  const socket = await stack.open('x.a.localhost', hosts.clientA, { ca: hosts.ca })
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  stack.apply(configuration({ bundleA: hosts.clientsB.rootPem + hosts.clientsA.rootPem }))
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  socket.destroy()
})

test('an open connection ends when the certificate of its client does', async () => {
  const socket = await stack.open('x.a.localhost', hosts.clientA, { ca: hosts.ca })
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  clock.set(new Date(hosts.clientA.certificate.notAfter.getTime() + 1000))
  expect((await send(socket, 'x.a.localhost')).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({ code: 'VAL_EXPIRED' })
})

test('an open connection ends with its next request once the revocation list of its host has run out', async () => {
  const crlA = await hosts.clientsA.revocationLists()
  stack.apply(configuration({ crlA }))
  const [list] = parseRevocationLists(crlA)
  const end = list?.nextUpdate?.getTime() ?? 0
  const socket = await stack.open('x.a.localhost', hosts.clientA, { ca: hosts.ca })
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  clock.set(new Date(end))
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  clock.set(new Date(end + 1000))
  const before = origin.requests.length
  expect((await send(socket, 'x.a.localhost')).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({ code: 'REV_LIST_STALE' })
  expect(origin.requests).toHaveLength(before)
})

test('a resumed session is refused once the certificate behind it has ended', async () => {
  const { session } = await call()
  clock.set(new Date(hosts.clientA.certificate.notAfter.getTime() + 1000))
  expect((await call(session)).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({ code: 'VAL_EXPIRED', connection: { resumed: true } })
})

test('a host without a trust bundle refuses everybody and says why; its neighbour serves', async () => {
  stack.apply(
    documents(
      secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
      gatewayFor('a', '*.a.localhost'),
      gatewayFor('b', '*.b.localhost'),
      routeFor('a', 'x.a.localhost'),
      workload(),
    ),
  )
  const tls = { ca: hosts.ca }
  expect((await stack.call('x.b.localhost', hosts.clientB, { tls })).status).toBeNull()
  const { servers } = stack.engine.status()
  const notReady = servers.find(({ hosts: names }) => names.includes('*.b.localhost'))
  expect(notReady).toMatchObject({ ready: false, reason: expect.stringContaining('b') })
  expect(stack.lastRecord().summary).toContain(notReady?.reason)
  expect((await call()).status).toBe(200)
})

test('a server removed while its connection is open serves it no more', async () => {
  const socket = await stack.open('x.a.localhost', hosts.clientA, { ca: hosts.ca })
  expect(await send(socket, 'x.a.localhost')).toMatchObject({ status: 200 })
  stack.apply(
    documents(
      secretsOf('b', hosts.serverB, hosts.clientsB.rootPem),
      gatewayFor('b', '*.b.localhost'),
      routeFor('b', 'x.b.localhost'),
      workload(),
    ),
  )
  expect((await send(socket, 'x.a.localhost')).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({ code: 'ACC_DRAINING' })
})

test('requests are served while the configuration is swapped under them', async () => {
  const socket = await stack.open('x.a.localhost', hosts.clientA, { ca: hosts.ca })
  for (let round = 0; round < 20; round++) {
    const answer = send(socket, 'x.a.localhost')
    stack.apply(configuration({ bundleB: round % 2 === 0 ? hosts.clientsA.rootPem : hosts.ca }))
    expect((await answer).status).toBe(200)
  }
  socket.destroy()
})
