import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, silentLogger } from '@twinlatch/kit'
import {
  createFakeClock,
  createTemporaryDirectory,
  createTestDatabase,
  type TemporaryDirectory,
  type TestDatabase,
  testStoreKind,
} from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from './database.ts'
import type { Migration, MigrationSet } from './migrate.ts'
import { openStore, type Store } from './open.ts'
import { listTables } from './table-shape.ts'

const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))
const clock = createFakeClock('2026-01-01T00:00:00.000Z')

let home: TemporaryDirectory
let testDatabase: TestDatabase
let opened: Store[]

beforeEach(async () => {
  home = await createTemporaryDirectory()
  testDatabase = await createTestDatabase()
  opened = []
})
afterEach(async () => {
  for (const store of opened) await store.stop()
  await home.remove()
  await testDatabase.remove()
})

const creates =
  (table: string): Migration['up'] =>
  async (database: Database) => {
    await database.schema.createTable(table).addColumn('id', 'text').execute()
  }

const one: Migration = { name: '0001-create-items', up: creates('shop_items') }
const two: Migration = { name: '0002-create-orders', up: creates('shop_orders') }
const shop = (...migrations: Migration[]): MigrationSet => ({ service: 'shop', migrations })

async function open(name = 'twinlatch.db'): Promise<Store> {
  const url =
    testDatabase.kind === 'postgres' ? testDatabase.url : `sqlite:${join(home.path, name)}`
  const store = await openStore({ url, masterKey, clock, log: silentLogger })
  opened.push(store)
  return store
}

async function tables(store: Store): Promise<string[]> {
  const found = await listTables(store.database, testDatabase.kind)
  return found.map(({ name }) => name).filter((name) => name.startsWith('shop'))
}

/** Only a file is copied: a server holds the data of others too. */
const onFile = test.skipIf(testStoreKind === 'postgres')
const copies = () => readdirSync(home.path).filter((name) => name.includes('.before-'))

test('a new database gets everything, and no copy is made of nothing of value', async () => {
  const store = await open()
  await store.migrate([shop(one, two)])
  expect(await tables(store)).toEqual(['shop_items', 'shop_orders'])
  expect(copies()).toEqual([])
})

test('what is applied is not applied again', async () => {
  await (await open()).migrate([shop(one)])
  await opened[0]?.stop()
  const again = await open()
  await again.migrate([shop(one)])
  expect(await tables(again)).toEqual(['shop_items'])
  expect(copies()).toEqual([])
})

onFile(
  'before a change the file is copied beside it, complete and for its owner only',
  async () => {
    const first = await open()
    await first.migrate([shop(one)])
    await sql`insert into shop_items values ('kept')`.execute(first.database)
    await first.stop()
    const second = await open()
    await second.migrate([shop(one, two)])
    const copy = 'twinlatch.db.before-shop-0002-create-orders'
    expect(copies()).toEqual([copy])
    expect(statSync(join(home.path, copy)).mode & 0o777).toBe(0o600)
    const former = await open(copy)
    expect(await tables(former)).toEqual(['shop_items'])
    const { rows } = await sql`select id from shop_items`.execute(former.database)
    expect(rows).toEqual([{ id: 'kept' }])
  },
)

test('when one step fails, none of them happened', async () => {
  const store = await open()
  const broken = { name: '0002-break', up: async () => Promise.reject(new Error('no')) }
  await expect(store.migrate([shop(one, broken)])).rejects.toThrow('no')
  expect(await tables(store)).toEqual([])
  await store.migrate([shop(one, two)])
  expect(await tables(store)).toEqual(['shop_items', 'shop_orders'])
})

test.each([
  ['a step this program does not know', [shop(one)]],
  ['a service this program does not know', []],
])('%s: the newer database is refused and left as it is', async (_name, sets) => {
  await (await open()).migrate([shop(one, two)])
  await opened[0]?.stop()
  const older = await open()
  const refused = older.migrate(sets)
  await expect(refused).rejects.toMatchObject({ code: 'store/newer-database' })
  await expect(refused).rejects.toThrow('shop/0002-create-orders')
  expect(await tables(older)).toEqual(['shop_items', 'shop_orders'])
})

test('a database whose own tables are newer is not even opened', async () => {
  const store = await open()
  await sql`insert into store_migrations values ('store', '0099-later', '2030-01-01')`.execute(
    store.database,
  )
  await store.stop()
  await expect(open()).rejects.toMatchObject({ code: 'store/newer-database' })
})

test('a step put before an applied one is a bug', async () => {
  const store = await open()
  await store.migrate([shop(two)])
  await expect(store.migrate([shop(one, two)])).rejects.toThrow('was put before shop/0002')
})

onFile('when the copy cannot be made, nothing is changed', async () => {
  const store = await open()
  await store.migrate([shop(one)])
  const blocked = { name: '0002-blocked', up: creates('shop_blocked') }
  mkdirSync(join(home.path, 'twinlatch.db.before-shop-0002-blocked'))
  await expect(store.migrate([shop(one, blocked)])).rejects.toThrow()
  expect(await tables(store)).toEqual(['shop_items'])
  expect(copies().filter((name) => name.endsWith('.partial'))).toEqual([])
})

/** Two processes share a server; of a file, the home lock keeps the second one out. */
const onServer = test.runIf(testStoreKind === 'postgres')
onServer('two that start together wait for one another, and each step runs once', async () => {
  const [first, second] = await Promise.all([open(), open()])
  let runs = 0
  const counted = {
    name: '0001-create-items',
    up: async (database: Database) => {
      runs += 1
      await creates('shop_items')(database)
    },
  }
  await Promise.all([first?.migrate([shop(counted)]), second?.migrate([shop(counted)])])
  expect(runs).toBe(1)
})
