import { devSubaccountId } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { createFakeClock, createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { otherTenant, startControl } from '../testing/start-control.ts'
import type { Control } from './service.ts'

const clock = createFakeClock('2026-01-01T00:00:00.000Z')
let home: TestDatabase
let store: Store
let control: Control

beforeEach(async () => {
  home = await createTestDatabase()
  ;({ store, control } = await startControl(home.url, clock))
})
afterEach(async () => {
  await store.stop()
  await home.remove()
})

const entry = (target: string, subaccountId = devSubaccountId) => ({
  subaccountId,
  actor: 'admin',
  action: 'certificate.issued',
  target,
  detail: { serial: '4a', days: 365, renewed: false, note: null },
})
const write = (target: string, subaccountId = devSubaccountId) =>
  store.transaction((database) => control.audit.record(database, entry(target, subaccountId)))

test('a row comes back as it was recorded, newest first', async () => {
  await write('a')
  clock.advance(1000)
  await write('b')
  const [newest, older] = await control.audit.list(devSubaccountId)
  expect(newest).toMatchObject({ ...entry('b'), id: expect.stringMatching(/^aud_[0-9a-f]{32}$/) })
  expect(older).toMatchObject(entry('a'))
  expect(Date.parse(newest?.time ?? '') - Date.parse(older?.time ?? '')).toBe(1000)
  expect((await control.audit.list(devSubaccountId, { limit: 1 })).length).toBe(1)
})

test('a row is gone with the transaction it belongs to', async () => {
  const failing = store.transaction(async (database) => {
    await control.audit.record(database, entry('lost'))
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(JSON.stringify(await control.audit.list(devSubaccountId))).not.toContain('lost')
  await write('kept')
  expect(await control.audit.check()).toEqual({ ok: true, rows: 2 })
})

test('rows written outside a transaction, many at once, still make one chain', async () => {
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => control.audit.record(store.database, entry(`t${i}`))),
  )
  expect(await control.audit.check()).toEqual({ ok: true, rows: 51 })
})

test('a subaccount sees its own rows only; the chain runs over all of them', async () => {
  const acme = await otherTenant(control)
  await write('a')
  await write('b', acme.subaccountId)
  const targets = (await control.audit.list(acme.subaccountId)).map(({ target }) => target)
  expect(targets).toEqual(['b'])
  expect(await control.audit.check()).toEqual({ ok: true, rows: 4 })
})

test('the chain goes on after a restart', async () => {
  await write('a')
  await store.stop()
  ;({ store, control } = await startControl(home.url, clock))
  await write('b')
  expect(await control.audit.check()).toEqual({ ok: true, rows: 3 })
})

test.each([
  ['changed', `update control_audit set target = 'z' where sequence = 3`, 2],
  [
    'given to another subaccount',
    `update control_audit set subaccount_id = 'x' where sequence = 2`,
    1,
  ],
  ['given another time', `update control_audit set time = '2020' where sequence = 2`, 1],
  ['given another detail', `update control_audit set detail = '{}' where sequence = 4`, 3],
  ['removed', 'delete from control_audit where sequence = 2', 1],
  [
    'removed and closed up',
    `delete from control_audit where sequence = 2;
      update control_audit set sequence = sequence - 1 where sequence > 2`,
    1,
  ],
  ['removed at the beginning', 'delete from control_audit where sequence = 1', 0],
])('a row that was %s afterwards is found', async (_name, tampering, good) => {
  for (const target of ['a', 'b', 'c']) await write(target)
  for (const statement of tampering.split(';')) await sql.raw(statement).execute(store.database)
  expect(await control.audit.check()).toMatchObject({ ok: false, rows: good })
})
