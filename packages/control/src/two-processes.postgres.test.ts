import type { Store } from '@twinlatch/store'
import { createFakeClock, createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gateway } from '../testing/line-compiler.ts'
import { admin, startControl } from '../testing/start-control.ts'
import type { Control } from './index.ts'

type Started = { store: Store; control: Control }

const clock = createFakeClock('2026-01-01T00:00:00.000Z')
let testDatabase: TestDatabase
let one: Started
let two: Started

beforeEach(async () => {
  testDatabase = await createTestDatabase()
  const started = await Promise.all([
    startControl(testDatabase.url, clock),
    startControl(testDatabase.url, clock),
  ])
  ;[one, two] = started
})
afterEach(async () => {
  for (const { store, control } of [one, two]) {
    await control.stop()
    await store.stop()
  }
  await testDatabase.remove()
})

const change = (host: string) => ({ files: [{ name: 'a.yaml', text: gateway('g', host) }] })

test('two that start together on an empty database make one subaccount dev', async () => {
  expect(await one.control.subaccounts.list()).toHaveLength(1)
})

test('changes at both at once leave one unbroken audit log', async () => {
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      (index % 2 ? one : two).control.subaccounts.create(`tenant-${index}`, admin),
    ),
  )
  expect(await one.control.audit.check()).toEqual({ ok: true, rows: 41 })
})

test('of two that take the same name at once one gets it', async () => {
  const outcomes = await Promise.allSettled(
    [one, two].map(({ control }) => control.subaccounts.create('acme', admin)),
  )
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('listeners of the other process are called, those of the own one once', async () => {
  const own = vi.fn()
  const other = vi.fn()
  one.control.documents.onChange(own)
  two.control.documents.onChange(other)
  await one.control.documents.apply(change('a'), admin)
  expect(own).toHaveBeenCalledTimes(1)
  await vi.waitFor(() => expect(other).toHaveBeenCalledTimes(1))
  expect(await two.control.documents.all()).toEqual(await one.control.documents.all())
  await one.control.documents.apply(change('b'), admin)
  await vi.waitFor(() => expect(other).toHaveBeenCalledTimes(2))
  expect(own).toHaveBeenCalledTimes(2)
})

test('a listener that cannot take a change over is told it again', async () => {
  let calls = 0
  two.control.documents.onChange(() => {
    calls += 1
    if (calls === 1) throw new Error('the store is away')
  })
  await one.control.documents.apply(change('a'), admin)
  await vi.waitFor(() => expect(calls).toBe(2), { timeout: 5000 })
})
