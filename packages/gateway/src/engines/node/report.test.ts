import { createLogger, createMetrics } from '@twinlatch/kit'
import { createFakeClock } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { createReport } from './report.ts'
import type { Rendering } from './request-record.ts'
import type { Transaction } from './transaction.ts'

const clock = createFakeClock('2026-11-24T10:00:00.000Z')

const transaction = {
  id: 'the-id',
  startedAt: new Date('2026-11-24T09:59:59.000Z'),
  request: {
    ...{ method: 'GET', target: '/a?password=secret', authority: 'a.localhost' },
    headers: [
      ['Authorization', 'Bearer secret'],
      ['Cookie', 'session=secret'],
      ['X-Request-Id', 'before'],
    ],
    text: 'GET /a?password=secret HTTP/1.1\r\nHost: a.localhost\r\nCookie: session=secret\r\n',
  },
  context: {
    peer: { address: '192.0.2.1', port: 7 },
    tls: { verified: true, resumed: false, peerCertificates: [] },
    identity: { subject: 'CN=orders' },
  },
  server: { subaccountId: 'the-subaccount' },
  ...{ route: { name: 'the route' }, workload: null, authority: 'a.localhost', draw: 0 },
  upstream: { status: 200, ms: 3, attempts: 1 },
} as unknown as Transaction

function finish(level: string): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const report = createReport({
    sink: { record: () => {} },
    metrics: createMetrics({ version: '1', revision: 'r' }),
    log: createLogger({ level, destination }),
    clock,
  })
  const record = report.decided(transaction, { status: 200, denial: null }, {} as Rendering)
  report.finished(transaction, record)
  return lines
}

test('an access line holds what is listed here, and nothing of the headers or the query', () => {
  const [line, ...more] = finish('info')
  expect(more).toEqual([])
  expect(line).toEqual({
    ...{ level: 'info', time: expect.any(String), msg: 'request', event: 'request' },
    ...{ requestId: 'the-id', parentId: 'before', subaccount: 'the-subaccount' },
    ...{ peer: '192.0.2.1:7', method: 'GET', host: 'a.localhost', path: '/a', status: 200 },
    ...{ durationMs: 1000, upstreamMs: 3, attempts: 1, route: 'the route' },
    ...{ code: null, reason: null, subject: 'CN=orders', verified: true, resumed: false },
  })
})

test('no access line below its level', () => {
  expect(finish('warn')).toEqual([])
})
