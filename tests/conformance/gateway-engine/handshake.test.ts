import { once } from 'node:events'
import { connect as tcpConnect } from 'node:net'
import { type LeafShape, type Origin, openOrigin } from '@twinlatch/testing'
import { renderExplanation } from '@twinlatch/trust'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
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

beforeAll(async () => {
  hosts = await createTwoHosts()
  origin = await openOrigin(() => ({ body: 'from the workload' }))
})
afterAll(() => origin.stop())

beforeEach(async () => {
  stack = await openStack(
    documents(
      secretsOf('a', hosts.serverA, hosts.clientsA.rootPem),
      secretsOf('b', hosts.serverB, hosts.clientsB.rootPem),
      gatewayFor('a', '*.a.localhost'),
      gatewayFor('b', '*.b.localhost'),
      routeFor('a', 'x.a.localhost'),
      routeFor('b', 'x.b.localhost'),
      workload({ image: 'other', annotation: `twinlatch.dev/upstream: "${origin.url}"` }),
    ),
  )
})
afterEach(() => stack.engine.stop(0))

const trusting = () => ({ ca: hosts.ca })

test('a client of the bundle reaches the workload', async () => {
  const answer = await stack.call('x.a.localhost', hosts.clientA, { tls: trusting() })
  expect(answer).toMatchObject({ status: 200, body: 'from the workload' })
  expect(stack.records).toHaveLength(1)
  const record = stack.lastRecord()
  expect(record).toMatchObject({
    outcome: 'allowed',
    code: null,
    certificate: { subject, verified: true, eku: ['clientAuth'] },
    request: { method: 'GET', host: `x.a.localhost:${stack.port}`, path: '/headers' },
  })
  expect(record.steps.map(({ stage, result }) => `${stage} ${result}`)).toEqual([
    'sni pass',
    'handshake pass',
    'chain pass',
    'purpose pass',
    'validity pass',
    'revocation skip',
    'route pass',
    'upstream pass',
  ])
  expect(answer.headers['x-request-id']).toBe(record.id)
})

const refusals: [string, LeafShape | 'stranger' | null, string][] = [
  ['no certificate', null, 'TLS_NO_CLIENT_CERT'],
  ['an unknown authority', 'stranger', 'CHN_UNKNOWN_AUTHORITY'],
  ['a self-signed certificate', 'self-signed', 'CHN_SELF_SIGNED'],
  ['an expired certificate', 'expired', 'VAL_EXPIRED'],
  ['a certificate of tomorrow', 'not-yet-valid', 'VAL_NOT_YET'],
  ['a certificate for servers only', 'wrong-purpose', 'EKU_NOT_CLIENT_AUTH'],
  ['a chain without its intermediate', 'missing-intermediate', 'CHN_UNKNOWN_AUTHORITY'],
]

test.each(
  (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) =>
    refusals.map(([title, shape, code]) => ({ title, shape, code, version })),
  ),
)('$title is refused as $code before HTTP ($version)', async ({ shape, code, version }) => {
  const before = origin.requests.length
  const authority = shape === 'stranger' ? hosts.clientsB : hosts.clientsA
  const leaf = shape === 'stranger' ? 'valid' : shape
  const client = leaf && (await authority.issue({ subject, shape: leaf }))
  const answer = await stack.call('x.a.localhost', client, {
    tls: { ...trusting(), maxVersion: version },
  })
  expect(answer.status).toBeNull()
  expect(stack.records).toHaveLength(1)
  const record = stack.lastRecord()
  expect(record).toMatchObject({ outcome: 'denied', code, status: null, request: null })
  expect(record.connection).toMatchObject({ sni: 'x.a.localhost', protocol: version })
  expect(record.connection.peer).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(record.certificate?.subject ?? null).toBe(client && subject)
  expect(record.hints).not.toHaveLength(0)
  expect(renderExplanation(record, { now: new Date() })).toContain(code)
  expect(origin.requests).toHaveLength(before)
})

test('a missing intermediate is called so once it was seen to lead to the bundle', async () => {
  await stack.call('x.a.localhost', hosts.clientA, { tls: trusting() })
  const alone = await hosts.clientsA.issue({ subject, shape: 'missing-intermediate' })
  expect((await stack.call('x.a.localhost', alone, { tls: trusting() })).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({ code: 'CHN_INTERMEDIATE_MISSING' })
})

test('status counts the open connections of each host', async () => {
  const status = () =>
    stack.engine
      .status()
      .servers.map(({ hosts: [name], connectionsAccepted, connectionsOpen }) => [
        name,
        connectionsAccepted,
        connectionsOpen,
      ])
  const socket = await stack.open('x.a.localhost', hosts.clientA, trusting())
  await vi.waitFor(() =>
    expect(status()).toEqual([
      ['*.a.localhost', 1, 1],
      ['*.b.localhost', 0, 0],
    ]),
  )
  socket.destroy()
  await vi.waitFor(() => expect(status()[0]).toEqual(['*.a.localhost', 1, 0]))
})

test('a host that nobody serves is closed', async () => {
  expect((await stack.call('x.c.localhost', hosts.clientA)).status).toBeNull()
  expect(stack.lastRecord()).toMatchObject({
    code: 'SNI_UNKNOWN_HOST',
    stage: 'sni',
    subaccount: null,
  })
})

test('Host of another server of the port is 421 and never reaches its workload', async () => {
  const before = origin.requests.length
  const socket = await stack.open('x.a.localhost', hosts.clientA, trusting())
  const answer = await send(socket, `x.b.localhost:${stack.port}`)
  expect(answer).toMatchObject({ status: 421, body: '' })
  expect(stack.lastRecord()).toMatchObject({ code: 'SNI_HOST_MISMATCH', stage: 'sni', status: 421 })
  expect((await send(socket, 'x.c.localhost')).status).toBe(404)
  expect(stack.lastRecord()).toMatchObject({ code: 'SNI_HOST_MISMATCH', status: 404 })
  expect((await send(socket, 'x.a.localhost')).status).toBe(200)
  socket.destroy()
  expect(origin.requests).toHaveLength(before + 1)
})

test('a request that is no HTTP is on record under the id that its sender was told', async () => {
  const socket = await stack.open('x.a.localhost', hosts.clientA, trusting())
  socket.write('GET / HTTP/1.1\r\nHost: x.a.localhost\r\nHost: x.a.localhost\r\n\r\n')
  const answer = (await socket.setEncoding('utf8').toArray()).join('')
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  const record = stack.lastRecord()
  expect(record).toMatchObject({ outcome: 'denied', status: 400, certificate: { subject } })
  expect(answer.toLowerCase()).toContain(`x-request-id: ${record.id}`)
})

test('plain HTTP on the TLS port is closed without a byte', async () => {
  const socket = tcpConnect(stack.port, '127.0.0.1')
  socket.end('GET / HTTP/1.1\r\nHost: x.a.localhost\r\n\r\n')
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
  })
  socket.on('error', () => {})
  await once(socket, 'close')
  expect(received).toBe(0)
  expect(stack.lastRecord()).toMatchObject({ code: 'TLS_NOT_TLS', status: null })
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session resumes on its own host and never on the host of another bundle (%s)',
  async (maxVersion) => {
    const tls = { ...trusting(), maxVersion }
    const first = await stack.call('x.a.localhost', hosts.clientA, { tls })
    const session = first.session ?? Buffer.alloc(0)
    const own = await stack.call('x.a.localhost', hosts.clientA, { tls: { ...tls, session } })
    expect(own.status).toBe(200)
    expect(stack.lastRecord()).toMatchObject({
      connection: { resumed: true },
      certificate: { subject },
    })
    const other = await stack.call('x.b.localhost', hosts.clientA, { tls: { ...tls, session } })
    expect(other.status).toBeNull()
    expect(stack.lastRecord()).toMatchObject({
      code: 'CHN_UNKNOWN_AUTHORITY',
      connection: { resumed: false, sni: 'x.b.localhost' },
    })
  },
)
