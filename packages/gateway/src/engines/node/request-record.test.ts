import { devSubaccountId } from '@twinlatch/kit'
import { createFakeClock } from '@twinlatch/testing'
import { type HeaderLines, readRequestHead } from '@twinlatch/wire'
import { expect, test } from 'vitest'
import type { CompiledServer, CompiledVirtualHost } from '../../compiled.ts'
import { workedPeer } from '../../testdata/request-view.ts'
import type { ConnectionContext } from './connection.ts'
import { decide } from './decide.ts'
import { RequestRecord } from './request-record.ts'
import type { RunningPort } from './running.ts'
import { begin, drawsMax, type Ending } from './transaction.ts'

const rendering = {
  ...{ gatewayPodPort: 8443, gatewayPrincipal: 'gateway', clusterDomain: 'cluster.local' },
  clock: createFakeClock('2026-11-24T10:00:00.000Z'),
}
const ending: Ending = { status: 200, denial: null }

/** A workload with one policy, whose trace shows what header it saw. */
const workload = (service: string) => ({
  ...{ key: service, service, namespace: 'n', port: 80, targetPort: 80 },
  policies: {
    empty: false,
    decide: () => ({ allowed: true, code: null, policy: null }),
    trace: (view: { header(name: string): readonly string[] }) => [
      {
        ...{ name: `${service} saw ${view.header('x-a')}`, action: 'ALLOW', point: 'workload' },
        ...{ rule: 0, matched: true, nearMiss: null },
      },
    ],
  },
})

/** A port whose one route sends half of the draws to `one` and half to `two`. */
function running(rewritePath: () => string = () => '/'): RunningPort {
  const destinations = [workload('one'), workload('two')].map((entry) => ({
    workload: entry,
    applyRequestHeaders: (lines: HeaderLines) => lines,
  }))
  const action = {
    ...{ kind: 'forward', timeoutMs: null, retries: 0, rewriteAuthority: null, rewritePath },
    chooseDestination: (random: number) => destinations[random < 0.5 ? 0 : 1],
  }
  const host = {
    ...{ name: 'a.localhost', peerFilledHeaders: new Set() },
    chooseRoute: () => ({ name: 'the route', action }),
  } as unknown as CompiledVirtualHost
  const server = {
    ...{ key: 'key', subaccountId: devSubaccountId, hosts: ['a.localhost'] },
    gateway: { namespace: 'n', name: 'g' },
    material: { ready: true, ownUriSans: [] },
    xfcc: { mode: 'SANITIZE', details: new Set(), meshHop: null },
    gatewayPolicies: { empty: true, trace: () => [] },
  } as unknown as CompiledServer
  return {
    compiled: {
      servers: [server],
      chooseServer: () => server,
      chooseVirtualHost: (_, authority) =>
        authority === 'a.localhost'
          ? { kind: 'virtual-host', virtualHost: host }
          : { kind: 'no-host' },
    },
    servers: new Map([['key', { server, domain: null, reason: null }]]),
    constants: new WeakMap(),
  }
}

function recordOf(
  port: RunningPort,
  some: { draw?: number; value?: string; status?: Ending } = {},
): RequestRecord {
  const context = {
    serverKey: 'key',
    identity: workedPeer(),
    intermediates: [],
    domain: { bundleName: null, anchors: [], memory: { list: () => [] }, tls: { settings: {} } },
    peer: { address: '192.0.2.1', port: 1, localPort: 443 },
    tls: { serverName: 'a.localhost', peerCertificates: [], verified: true },
  } as unknown as ConnectionContext
  const server = port.servers.get('key')?.server
  if (!server) throw new Error('no server')
  const transaction = begin({
    id: 'the-id',
    startedAt: new Date('2026-11-24T09:59:59.000Z'),
    request: readRequestHead(
      [
        'GET /b?secret=1 HTTP/1.1',
        'Host: a.localhost:9443',
        `X-A: ${some.value ?? '1'}`,
        'X-Request-Id: of-the-hop-before\r\n',
      ].join('\r\n'),
    ),
    context,
    port,
    server,
    authority: 'a.localhost',
    draw: some.draw ?? 0,
  })
  try {
    decide(transaction, rendering)
  } catch {
    // What a handler does then: the record says that it broke.
  }
  transaction.upstream = { status: 200, ms: 7, attempts: 2 }
  return new RequestRecord(transaction, some.status ?? ending, rendering)
}

test('a record tells of the request that it was made of, before and after it is over', () => {
  const record = recordOf(running())
  const before = record.render()
  expect(before).toMatchObject({
    id: 'the-id',
    parentId: 'of-the-hop-before',
    time: '2026-11-24T09:59:59.000Z',
    status: 200,
    request: { method: 'GET', host: 'a.localhost:9443', path: '/b', route: 'the route' },
    policies: [{ name: 'one saw 1' }],
  })
  expect(before.steps.at(-1)?.detail).toBe('n/one answered 200 in 7 ms, attempt 2')
  record.settle()
  expect(record.render()).toEqual(before)
})

test('the destination that was drawn is the one that is explained', () => {
  const port = running()
  const services = [0, drawsMax / 2 - 1, drawsMax / 2, drawsMax - 1].map((draw) => {
    const record = recordOf(port, { draw })
    record.settle()
    return record.render().policies[0]?.name
  })
  expect(services).toEqual(['one saw 1', 'one saw 1', 'two saw 1', 'two saw 1'])
})

test('what breaks off after the record was made is told by it', () => {
  const record = recordOf(running())
  record.brokeOff = 'the client went away'
  expect(record.render().summary).toContain('broke off: the client went away')
})

test('a request that the gateway failed at is explained as far as it came', () => {
  const broken = running(() => {
    throw new Error('ambiguous')
  })
  const denial = { code: null, stage: 'response', summary: 'It failed.' } as const
  const record = recordOf(broken, { status: { status: 500, denial } })
  expect(record.outcome).toBe('denied')
  expect(record.render()).toMatchObject({
    ...{ status: 500, summary: 'It failed.', policies: [], request: { route: 'the route' } },
  })
})

test('a record of more than 12 KiB is rendered when its request is over, and only then', () => {
  const record = recordOf(running(), { value: 'x'.repeat(12_288) })
  expect(record.render()).not.toBe(record.render())
  record.settle()
  expect(record.render()).toBe(record.render())
  expect(record.render().policies).toHaveLength(1)
})
