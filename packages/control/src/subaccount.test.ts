import { devSubaccountId, newSubaccountId } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { createFakeClock, createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { admin, startControl } from '../testing/start-control.ts'
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

test('dev is there from the start, with its constant GUID, and once', async () => {
  const dev = {
    id: 'e56e1a2a-7dc2-5c14-b789-e39e4b30b093',
    name: 'dev',
    host: 'dev.localhost',
    createdAt: '2026-01-01T00:00:00.000Z',
  }
  expect(await control.subaccounts.list()).toEqual([dev])
  await store.stop()
  clock.advance(1000)
  ;({ store, control } = await startControl(home.url, clock))
  expect(await control.subaccounts.list()).toEqual([dev])
  expect((await control.audit.list(devSubaccountId)).length).toBe(1)
})

test('a new one gets a GUID of its own and a host by its name, and is found by both', async () => {
  const acme = await control.subaccounts.create('acme', admin)
  expect(acme).toMatchObject({ name: 'acme', host: 'acme.localhost' })
  expect(acme.id).toMatch(/^[0-9a-f-]{36}$/)
  expect(acme.id).not.toBe(devSubaccountId)
  expect(await control.subaccounts.byId(acme.id)).toEqual(acme)
  expect(await control.subaccounts.byName('acme')).toEqual(acme)
  expect((await control.audit.list(devSubaccountId))[0]).toMatchObject({
    action: 'subaccount.created',
    target: 'acme',
    actor: 'admin',
    detail: { id: acme.id },
  })
})

test('nobody is found by a name or id that nobody has', async () => {
  expect(await control.subaccounts.byName('nobody')).toBeNull()
  expect(await control.subaccounts.byName("' or 1=1 --")).toBeNull()
  expect(await control.subaccounts.byId(newSubaccountId())).toBeNull()
})

test('a name is taken once, also by two at the same time', async () => {
  const both = await Promise.allSettled([
    control.subaccounts.create('acme', admin),
    control.subaccounts.create('acme', admin),
  ])
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await expect(control.subaccounts.create('dev', admin)).rejects.toMatchObject({
    code: 'control/subaccount-exists',
  })
})

test.each(['a', '0', 'a-b', 'x'.repeat(63), 'xn--bcher-kva', '1e9'])(
  '%s is a name',
  async (name) => {
    expect((await control.subaccounts.create(name, admin)).host).toBe(`${name}.localhost`)
  },
)

test.each([
  ['nothing', ''],
  ['an upper-case letter', 'Acme'],
  ['a dot', 'a.b'],
  ['a hyphen in front', '-a'],
  ['a hyphen at the end', 'a-'],
  ['64 characters', 'x'.repeat(64)],
  ['an underscore', 'a_b'],
  ['a space', 'a b'],
  ['a line end', 'a\n'],
  ['a letter beyond ASCII', 'bücher'],
  ['the form of a GUID', devSubaccountId],
  ['a host of the server itself', 'authentication'],
  ['the name of the machine', 'localhost'],
])('a name with %s is refused', async (_name, name) => {
  await expect(control.subaccounts.create(name, admin)).rejects.toMatchObject({
    code: 'control/subaccount-name',
  })
  expect((await control.subaccounts.list()).length).toBe(1)
})
