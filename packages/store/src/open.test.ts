import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import { createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Database } from './database.ts'
import type { MigrationSet } from './migrate.ts'
import { openStore, type Store } from './open.ts'

type Tables = { shop_items: { id: string; n: number } }

const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))
const shop: MigrationSet = {
  service: 'shop',
  migrations: [{ name: '0001-create-items', up: createItems }],
}

let testDatabase: TestDatabase
let opened: Store[]

beforeEach(async () => {
  testDatabase = await createTestDatabase()
  opened = []
})

afterEach(async () => {
  for (const store of opened) await store.stop()
  await testDatabase.remove()
})

async function createItems(database: Database): Promise<void> {
  await database.schema
    .createTable('shop_items')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('n', 'integer', (column) => column.notNull())
    .execute()
}

async function open(sets: readonly MigrationSet[] = [shop]): Promise<Store> {
  const { url } = testDatabase
  const store = await openStore({ url, masterKey, clock: systemClock, log: silentLogger })
  opened.push(store)
  await store.migrate(sets)
  return store
}

const insert = (database: Database, id: string, n = 0) =>
  database.withTables<Tables>().insertInto('shop_items').values({ id, n }).execute()

const ids = async (database: Database) => {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('shop_items')
    .select('id')
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

describe('transactions', () => {
  test('two that overlap run one after the other', async () => {
    const store = await open()
    const order: string[] = []
    const first = Promise.withResolvers<void>()
    const a = store.transaction(async (database) => {
      order.push('a begins')
      await insert(database, 'a')
      await first.promise
      order.push('a ends')
    })
    const b = store.transaction(async (database) => {
      order.push('b begins')
      expect(await ids(database)).toEqual(['a'])
      await insert(database, 'b')
    })
    await vi.waitFor(() => expect(order).toEqual(['a begins']))
    await tick()
    expect(order).toEqual(['a begins'])
    first.resolve()
    await Promise.all([a, b])
    expect(order).toEqual(['a begins', 'a ends', 'b begins'])
    expect(await ids(store.database)).toEqual(['a', 'b'])
  })

  test('a read outside sees nothing of an open one, and does not wait for it', async () => {
    const store = await open()
    const gate = Promise.withResolvers<void>()
    const inserted = Promise.withResolvers<void>()
    const running = store.transaction(async (database) => {
      await insert(database, 'a')
      inserted.resolve()
      await gate.promise
    })
    await inserted.promise
    expect(await ids(store.database)).toEqual([])
    gate.resolve()
    await running
    expect(await ids(store.database)).toEqual(['a'])
  })

  test('a write outside does not join an open one: it survives that one failing', async () => {
    const store = await open()
    const gate = Promise.withResolvers<void>()
    const failing = store.transaction(async (database) => {
      await insert(database, 'lost')
      await gate.promise
      throw new Error('changed my mind')
    })
    const outside = insert(store.database, 'kept')
    gate.resolve()
    await expect(failing).rejects.toThrow('changed my mind')
    await outside
    expect(await ids(store.database)).toEqual(['kept'])
  })

  test('a write past the handle of the own transaction fails at once instead of hanging', async () => {
    const store = await open()
    const nested = store.transaction(async (database) => {
      await insert(database, 'a')
      await insert(store.database, 'b')
    })
    await expect(nested).rejects.toThrow(TypeError)
    expect(await ids(store.database)).toEqual([])
    await insert(store.database, 'after')
    expect(await ids(store.database)).toEqual(['after'])
  })

  test('a hundred read-modify-write transactions at once lose no update', async () => {
    const store = await open()
    await insert(store.database, 'counter', 0)
    const add = () =>
      store.transaction(async (database) => {
        const tables = database.withTables<Tables>()
        const row = await tables.selectFrom('shop_items').select('n').executeTakeFirstOrThrow()
        await tick()
        await tables
          .updateTable('shop_items')
          .set({ n: row.n + 1 })
          .execute()
      })
    await Promise.all(Array.from({ length: 100 }, add))
    const tables = store.database.withTables<Tables>()
    expect(await tables.selectFrom('shop_items').select('n').executeTakeFirst()).toEqual({ n: 100 })
  })

  test('a failed statement undoes the whole transaction and the next one starts clean', async () => {
    const store = await open()
    await insert(store.database, 'a')
    const failing = store.transaction(async (database) => {
      await insert(database, 'b')
      await insert(database, 'a')
    })
    await expect(failing).rejects.toMatchObject({ code: 'store/duplicate' })
    await store.transaction(async (database) => void (await insert(database, 'c')))
    expect(await ids(store.database)).toEqual(['a', 'c'])
  })

  test('a stop waits for the running one, and what comes later is refused', async () => {
    const store = await open()
    const gate = Promise.withResolvers<void>()
    const inserted = Promise.withResolvers<void>()
    const running = store.transaction(async (database) => {
      await insert(database, 'a')
      inserted.resolve()
      await gate.promise
    })
    await inserted.promise
    const stopped = store.stop()
    await expect(insert(store.database, 'b')).rejects.toMatchObject({ code: 'store/stopped' })
    gate.resolve()
    await Promise.all([running, stopped])
    await expect(ids(store.database)).rejects.toMatchObject({ code: 'store/stopped' })
    expect(await ids((await open()).database)).toEqual(['a'])
  })

  test('a statement that writes and returns rows is a write', async () => {
    const store = await open()
    const rows = await store.database
      .withTables<Tables>()
      .insertInto('shop_items')
      .values({ id: 'a', n: 1 })
      .returning('id')
      .execute()
    expect(rows).toEqual([{ id: 'a' }])
    expect(await ids(store.database)).toEqual(['a'])
  })
})

test.each([
  ['mysql://user:hunter2@db/twinlatch', /sqlite:<absolute path> or postgres/],
  ['postgres://user:hunter2@db', /postgres:\/\/user:password@host/],
  ['postgres://user:hunter2@db:port/twinlatch', /postgres:\/\/user:password@host/],
  ['postgres:hunter2', /postgres:\/\/user:password@host/],
  ['sqlite:relative.db', /absolute path/],
  ['sqlite::memory:', /absolute path/],
  ['/tmp/x.db', /absolute path/],
  ['', /absolute path/],
])('the url %j is refused by name and not repeated', async (url, message) => {
  const opening = openStore({ url, masterKey, clock: systemClock, log: silentLogger })
  const error = await opening.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'store/unsupported-url' })
  expect(String(error)).toMatch(message)
  expect(String(error)).not.toContain('hunter2')
})

const tick = () => new Promise((resolve) => setImmediate(resolve))
