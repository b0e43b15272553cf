import { devSubaccountId, silentLogger } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import {
  createFakeClock,
  createTestDatabase,
  type FakeClock,
  type TestDatabase,
} from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startControl } from '../testing/start-control.ts'
import { keepAuditRetention, pruneAuditLog } from './audit-retention.ts'
import { controlLimits } from './limits.ts'
import type { Control } from './service.ts'

let clock: FakeClock
let home: TestDatabase
let store: Store
let control: Control

beforeEach(async () => {
  clock = createFakeClock('2026-01-01T00:00:00.000Z')
  home = await createTestDatabase()
  ;({ store, control } = await startControl(home.url, clock))
})
afterEach(async () => {
  await store.stop()
  await home.remove()
})

const dayMs = 86_400_000
const entry = (target: string) => ({
  subaccountId: devSubaccountId,
  actor: 'admin',
  action: 'certificate.issued',
  target,
  detail: {},
})
const write = (...targets: string[]) =>
  store.transaction(async (database) => {
    for (const target of targets) await control.audit.record(database, entry(target))
  })
const prune = (retentionDays = 30) =>
  pruneAuditLog({ store, audit: control.audit, clock, retentionDays })
const shown = async () => (await control.audit.list(devSubaccountId)).map(({ target }) => target)

/** Two rows that are old (with the one of the start: three), and two that are not. */
async function fill(): Promise<void> {
  await write('old-1', 'old-2')
  clock.advance(31 * dayMs)
  await write('new-1', 'new-2')
}

test('what is older than the retention is removed, and the log says so', async () => {
  await fill()
  expect(await prune()).toBe(3)
  expect(await shown()).toEqual(['audit', 'new-2', 'new-1'])
  const [witness] = await control.audit.list(devSubaccountId)
  expect(witness).toMatchObject({
    actor: 'system',
    action: 'audit.pruned',
    detail: {
      rows: 3,
      before: '2026-01-02T00:00:00.000Z',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  })
})

test('nothing is removed, and nothing written, while nothing is old', async () => {
  await fill()
  expect(await prune(32)).toBe(0)
  expect(await shown()).toContain('old-1')
  expect(await control.audit.check()).toEqual({ ok: true, rows: 5 })
})

test('the chain holds after each of many prunings, and goes on', async () => {
  for (let month = 0; month < 4; month += 1) {
    await fill()
    await prune()
    expect(await control.audit.check()).toMatchObject({ ok: true })
  }
  await write('later')
  expect(await control.audit.check()).toEqual({ ok: true, rows: 4 })
})

test('the last row stays, however old, so that the chain has an end', async () => {
  await fill()
  clock.advance(100 * dayMs)
  expect(await prune()).toBe(4)
  expect(await shown()).toEqual(['audit', 'new-2'])
  expect(await control.audit.check()).toEqual({ ok: true, rows: 2 })
  // Only what says so is left in the end, and it does not go on for its own sake.
  clock.advance(100 * dayMs)
  expect([await prune(), await prune(), await prune()]).toEqual([1, 1, 0])
})

test('a row that looks old behind a newer one stays: only the beginning is removed', async () => {
  await write('old')
  clock.advance(31 * dayMs)
  await write('new')
  clock.set(new Date('2026-01-01T00:00:00.000Z'))
  await write('of a clock that was set back')
  clock.set(new Date('2026-02-05T00:00:00.000Z'))
  await prune()
  expect(await shown()).toEqual(['audit', 'of a clock that was set back', 'new'])
  expect(await control.audit.check()).toMatchObject({ ok: true })
})

test('a long log is removed in parts, all of it', async () => {
  const many = controlLimits.auditPrunedRows + 50
  await write(...Array.from({ length: many }, (_, index) => `old-${index}`))
  clock.advance(31 * dayMs)
  await write('new')
  expect(await prune()).toBe(many + 1)
  expect(await control.audit.check()).toMatchObject({ ok: true })
})

describe('after a pruning is found', () => {
  test.each([
    ['a row removed at the beginning', 'delete from control_audit where sequence = 4'],
    [
      'rows removed at the beginning and the anchor moved along',
      `update control_audit_anchor set sequence = 4,
        hash = (select hash from control_audit where sequence = 4);
        delete from control_audit where sequence = 4`,
    ],
    ['the anchor removed', 'delete from control_audit_anchor'],
    ['another anchor', `update control_audit_anchor set hash = '${'0'.repeat(64)}'`],
    ['the witness removed and the chain closed up', 'delete from control_audit where sequence = 6'],
  ])('%s', async (_name, tampering) => {
    await fill()
    await prune()
    for (const statement of tampering.split(';')) await sql.raw(statement).execute(store.database)
    expect(await control.audit.check()).toMatchObject({ ok: false })
  })
})

test('it is done at the start, and a failure ends nothing', async () => {
  await fill()
  const warn = vi.fn()
  const audit = { record: () => Promise.reject(new Error('no')) }
  const log = { ...silentLogger, warn } as never
  const failing = keepAuditRetention({ store, audit, clock, retentionDays: 30 }, log)
  await failing.stop()
  expect(warn).toHaveBeenCalledOnce()
  expect(await shown()).toContain('old-1')
  const { audit: good } = control
  await keepAuditRetention({ store, audit: good, clock, retentionDays: 30 }, silentLogger).stop()
  expect(await shown()).not.toContain('old-1')
})
