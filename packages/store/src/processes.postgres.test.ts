import { Secret, silentLogger } from '@twinlatch/kit'
import {
  createFakeClock,
  createTestDatabase,
  type FakeClock,
  type TestDatabase,
} from '@twinlatch/testing'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Database } from './database.ts'
import type { MigrationSet } from './migrate.ts'
import { openStore, type Store } from './open.ts'

type Tables = { shop_items: { id: string; n: number } }

const shop: MigrationSet = {
  service: 'shop',
  migrations: [
    {
      name: '0001-create-items',
      up: async (database) => {
        await database.schema
          .createTable('shop_items')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('n', 'integer', (column) => column.notNull())
          .execute()
      },
    },
  ],
}
const place = { table: 't', subaccountId: 's', id: 'i', field: 'f' }

let testDatabase: TestDatabase
let clock: FakeClock
let opened: Store[]

beforeEach(async () => {
  testDatabase = await createTestDatabase()
  clock = createFakeClock('2026-01-01T00:00:00.000Z')
  opened = []
})
afterEach(async () => {
  for (const store of opened) await store.stop()
  await testDatabase.remove()
})

/** A store as another process has it: nothing in memory is shared. */
async function open(masterKey = Buffer.alloc(32, 7)): Promise<Store> {
  const key = new Secret<Uint8Array>(masterKey)
  const store = await openStore({
    url: new Secret(testDatabase.url),
    masterKey: key,
    clock,
    log: silentLogger,
  })
  opened.push(store)
  await store.migrate([shop])
  return store
}

const insert = (database: Database, id: string, n = 0) =>
  database.withTables<Tables>().insertInto('shop_items').values({ id, n }).execute()
const ids = async ({ database }: Store) =>
  (
    await database
      .withTables<Tables>()
      .selectFrom('shop_items')
      .select('id')
      .orderBy('id')
      .execute()
  ).map(({ id }) => id)

test('read-modify-write transactions of three processes lose no update', async () => {
  const stores = [await open(), await open(), await open()]
  await insert((stores[0] as Store).database, 'counter')
  const add = (store: Store) =>
    store.transaction(async (database) => {
      const tables = database.withTables<Tables>()
      const { n } = await tables.selectFrom('shop_items').select('n').executeTakeFirstOrThrow()
      await tables
        .updateTable('shop_items')
        .set({ n: n + 1 })
        .execute()
    })
  await Promise.all(stores.flatMap((store) => Array.from({ length: 30 }, () => add(store))))
  const { n } = await (stores[0] as Store).database
    .withTables<Tables>()
    .selectFrom('shop_items')
    .select('n')
    .executeTakeFirstOrThrow()
  expect(n).toBe(90)
})

test('what is checked still holds at the commit: a limit of ten is exact', async () => {
  const stores = [await open(), await open()]
  const take = (store: Store, id: string) =>
    store.transaction(async (database) => {
      const rows = await database
        .withTables<Tables>()
        .selectFrom('shop_items')
        .select('id')
        .execute()
      if (rows.length >= 10) return false
      await insert(database, id)
      return true
    })
  const taken = await Promise.all(
    Array.from({ length: 40 }, (_, index) => take(stores[index % 2] as Store, `item-${index}`)),
  )
  expect(taken.filter(Boolean)).toHaveLength(10)
  expect(await ids(stores[0] as Store)).toHaveLength(10)
})

test('a change that somebody else spoilt is made again, from its start', async () => {
  const store = await open()
  let runs = 0
  await store.transaction(async (database) => {
    runs += 1
    await insert(database, `run-${runs}`)
    if (runs < 3)
      await sql`do $$ begin raise exception using errcode = '40001'; end $$`.execute(database)
  })
  expect(runs).toBe(3)
  expect(await ids(store)).toEqual(['run-3'])
})

test('but not for ever', async () => {
  const store = await open()
  let runs = 0
  const spoilt = store.transaction(async (database) => {
    runs += 1
    await sql`do $$ begin raise exception using errcode = '40P01'; end $$`.execute(database)
  })
  await expect(spoilt).rejects.toMatchObject({ code: 'store/conflict' })
  expect(runs).toBe(6)
})

test('what the server quotes of a row does not get into an error', async () => {
  const store = await open()
  await insert(store.database, 'hunter2')
  const twice = await insert(store.database, 'hunter2').catch((error: unknown) => error)
  expect(twice).toMatchObject({ code: 'store/duplicate' })
  const broken = await sql`insert into shop_items values ('hunter2-too', null)`
    .execute(store.database)
    .catch((error: unknown) => error)
  for (const error of [twice, broken]) {
    const { cause = error } = error as Error
    expect(JSON.stringify([error, cause, String(error), String(cause)])).not.toContain('hunter2')
  }
})

test('text sorts by its bytes, whatever order the database prefers', async () => {
  const store = await open()
  for (const id of ['b', 'A', 'a', 'Z', 'ä']) await insert(store.database, id)
  expect(await ids(store)).toEqual(['A', 'Z', 'a', 'b', 'ä'])
  const { rows } = await sql<{ id: string }>`
    select id from shop_items order by id collate "default"`.execute(store.database)
  expect(rows.map(({ id }) => id)).not.toEqual(['A', 'Z', 'a', 'b', 'ä'])
})

test('a connection that dies within a transaction fails that one, and the next one works', async () => {
  const store = await open()
  const killer = new Client({ connectionString: testDatabase.url })
  await killer.connect()
  const dying = store.transaction(async (database) => {
    await insert(database, 'lost')
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database)
    await killer.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await new Promise((resolve) => setTimeout(resolve, 50))
    await insert(database, 'lost too')
  })
  await expect(dying).rejects.toMatchObject({ code: 'store/unreachable' })
  await killer.end()
  await insert(store.database, 'kept')
  expect(await ids(store)).toEqual(['kept'])
})

test('a change is heard of by the other process, and once', async () => {
  const [one, two] = [await open(), await open()]
  const heard: number[] = []
  const end = await two.changes.listen('shop', (version) => heard.push(version))
  const announce = () => one.transaction((database) => one.changes.announce(database, 'shop'))
  expect(await announce()).toBe(1)
  await vi.waitFor(() => expect(heard).toEqual([1]))
  const failed = one.transaction(async (database) => {
    await one.changes.announce(database, 'shop')
    throw new Error('changed my mind')
  })
  await expect(failed).rejects.toThrow('changed my mind')
  await one.transaction((database) => one.changes.announce(database, 'other'))
  await announce()
  await vi.waitFor(() => expect(heard).toEqual([1, 2]))
  end()
})

test('a new data key reaches other processes before anything is sealed with it', async () => {
  const one = await open()
  const old = one.seal.seal('x', place)
  clock.advance(91 * 86_400_000)
  const two = await open()
  const keyOf = (sealed: string) => sealed.split('.')[1]
  expect(keyOf(two.seal.seal('y', place))).toBe(keyOf(old))
  clock.advance(60_000)
  const fresh = two.seal.seal('y', place)
  expect(keyOf(fresh)).not.toBe(keyOf(old))
  await vi.waitFor(() => expect(one.seal.open(fresh, place).toString()).toBe('y'))
})

test('two processes that start together on an empty database agree on one data key', async () => {
  const [one, two] = await Promise.all([open(), open()])
  expect(one?.seal.open(two?.seal.seal('x', place) ?? '', place).toString()).toBe('x')
})

test('a process with another master key is refused', async () => {
  await open()
  await expect(open(Buffer.alloc(32, 8))).rejects.toMatchObject({ code: 'store/wrong-master-key' })
})
