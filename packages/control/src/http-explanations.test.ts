import { devSubaccountId, silentLogger } from '@twinlatch/kit'
import { createFakeClock, createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import type { Explanation } from '@twinlatch/trust'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startControl } from '../testing/start-control.ts'
import { createControlApp } from './http.ts'

const clock = createFakeClock('2026-01-01T00:00:00.000Z')
let home: TestDatabase
let started: Awaited<ReturnType<typeof startControl>>

beforeEach(async () => {
  clock.set('2026-01-01T00:00:00.000Z')
  home = await createTestDatabase()
  started = await startControl(home.url, clock)
})
afterEach(async () => {
  await started.store.stop()
  await home.remove()
})

async function get(path: string) {
  const app = createControlApp({
    control: started.control,
    authenticate: async () => ({
      kind: 'admin',
      name: 'admin',
      subaccountId: devSubaccountId,
      subaccountName: 'dev',
      instanceId: null,
    }),
    status: () => {
      throw new Error('not asked for')
    },
    log: silentLogger,
  })
  const response = await app.request(path)
  expect(response.status).toBe(200)
  return JSON.parse(await response.text())
}

function record(id: string, more: Partial<Explanation>): void {
  clock.advance(1000)
  const time = clock.now()
  const explanation: Explanation = {
    id,
    parentId: null,
    time: time.toISOString(),
    subaccount: 'dev',
    listener: 'gateway',
    outcome: 'denied',
    stage: 'policy',
    code: null,
    status: 403,
    summary: '',
    connection: { peer: '', sni: null, alpn: null, protocol: null, cipher: null, resumed: false },
    certificate: null,
    request: { method: 'GET', host: 'h', path: '/', route: null },
    steps: [],
    policies: [],
    hints: [],
    ...more,
  }
  started.control.explanations.record({
    id,
    time,
    subaccountId: devSubaccountId,
    outcome: explanation.outcome,
    render: () => explanation,
  })
}

test.each([
  ['/api/explanations', ['ok', 'hop', 'tls', 'policy']],
  ['/api/explanations?limit=2', ['ok', 'hop']],
  ['/api/explanations?last=any', ['ok']],
  ['/api/explanations?last=denied', ['hop']],
  ['/api/explanations?last=denied&limit=2', ['hop', 'tls']],
  ['/api/explanations?last=denied&stage=policy&listener=gateway', ['policy']],
  ['/api/explanations?refused=handshake', ['tls']],
  ['/api/explanations?since=2026-01-01T00:00:03.000Z', ['ok']],
  ['/api/explanations?since=2026-01-01T01:00:03%2B01:00', ['ok']],
  ['/api/explanations?since=2s', ['ok', 'hop']],
  ['/api/explanations?since=1h', ['ok', 'hop', 'tls', 'policy']],
])('GET %s', async (path, expected) => {
  record('policy', {})
  record('tls', { stage: 'handshake', status: null, request: null })
  record('hop', { stage: 'route', status: 404, parentId: 'ok' })
  record('ok', { stage: 'response', outcome: 'allowed', status: 200 })
  const found = (await get(path)).map(({ id }: Explanation) => id)
  expect(found).toEqual(expected)
})

test('a record comes with those of its chain', async () => {
  record('hop', { parentId: 'ok' })
  record('ok', { outcome: 'allowed', status: 200 })
  const { record: found, related } = await get('/api/explanations/hop')
  expect(found).toMatchObject({ id: 'hop', parentId: 'ok', outcome: 'denied' })
  expect(related).toMatchObject([{ id: 'ok' }])
})
