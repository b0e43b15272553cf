import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, silentLogger } from '@twinlatch/kit'
import {
  createFakeClock,
  createTemporaryDirectory,
  type TemporaryDirectory,
} from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from './database.ts'
import type { Migration, MigrationSet } from './migrate.ts'
import { openStore, type Store } from './open.ts'

const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))
const clock = createFakeClock('2026-01-01T00:00:00.000Z')

let home: TemporaryDirectory
let opened: Store[]

beforeEach(async () => {
  home = await createTemporaryDirectory()
  opened = []
})
afterEach(async () => {
  for (const store of opened) await store.stop()
  await home.remove()
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
  const url = `sqlite:${join(home.path, name)}`
  const store = await openStore({ url, masterKey, clock, log: silentLogger })
  opened.push(store)
  return store
}

async function tables(store: Store): Promise<string[]> {
  const result = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name like 'shop%' order by name
  `.execute(store.database)
  return result.rows.map(({ name }) => name)
}

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

test('before a change the file is copied beside it, complete and for its owner only', async () => {
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
})

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

test('when the copy cannot be made, nothing is changed', async () => {
  const store = await open()
  await store.migrate([shop(one)])
  const blocked = { name: '0002-blocked', up: creates('shop_blocked') }
  mkdirSync(join(home.path, 'twinlatch.db.before-shop-0002-blocked'))
  await expect(store.migrate([shop(one, blocked)])).rejects.toThrow()
  expect(await tables(store)).toEqual(['shop_items'])
  expect(copies().filter((name) => name.endsWith('.partial'))).toEqual([])
})
