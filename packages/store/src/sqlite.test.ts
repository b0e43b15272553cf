import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from './database.ts'
import type { MigrationSet } from './migrate.ts'
import { openStore, type Store } from './open.ts'

type Tables = { shop_items: { id: string; n: number } }

const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))
const shop: MigrationSet = {
  service: 'shop',
  migrations: [{ name: '0001-create-items', up: createItems }],
}

let home: string
let opened: Store[]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'twinlatch-store-'))
  opened = []
})

afterEach(async () => {
  for (const store of opened) await store.stop()
  rmSync(home, { recursive: true, force: true })
})

async function createItems(database: Database): Promise<void> {
  await database.schema
    .createTable('shop_items')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('n', 'integer', (column) => column.notNull())
    .execute()
}

async function open(sets: readonly MigrationSet[] = [shop]): Promise<Store> {
  const url = `sqlite:${join(home, 'twinlatch.db')}`
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

test('nobody writes between what a transaction reads and what it writes', async () => {
  const store = await open()
  const other = new DatabaseSync(join(home, 'twinlatch.db'), { timeout: 0 })
  await store.transaction(async (database) => {
    expect(await ids(database)).toEqual([])
    expect(() => other.exec("insert into shop_items values ('theirs', 1)")).toThrow('locked')
    await insert(database, 'ours')
  })
  other.close()
  expect(await ids(store.database)).toEqual(['ours'])
})

describe('faults of the disk', () => {
  test('a full one is named, and nothing of the transaction stays', async () => {
    const store = await open()
    await insert(store.database, 'before')
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.database)
    const pages = Number(rows[0]?.page_count)
    await sql`pragma max_page_count = ${sql.lit(pages + 2)}`.execute(store.database)
    const fill = store.transaction(async (database) => {
      for (let i = 0; i < 1000; i++) await insert(database, `row-${i}-${'x'.repeat(500)}`)
    })
    await expect(fill).rejects.toMatchObject({ code: 'store/disk-full' })
    expect(await ids(store.database)).toEqual(['before'])
    await sql`pragma max_page_count = 1000000`.execute(store.database)
    await insert(store.database, 'later')
    expect(await ids(store.database)).toEqual(['before', 'later'])
  })

  test('a connection that may not write says read-only', async () => {
    const store = await open()
    await sql`pragma query_only = on`.execute(store.database)
    await expect(insert(store.database, 'a')).rejects.toMatchObject({ code: 'store/read-only' })
    await sql`pragma query_only = off`.execute(store.database)
    await insert(store.database, 'a')
  })
})

describe('a file that is no database', () => {
  const opening = () =>
    openStore({
      url: `sqlite:${join(home, 'twinlatch.db')}`,
      masterKey,
      clock: systemClock,
      log: silentLogger,
    })

  test('is refused and left as it is', async () => {
    writeFileSync(join(home, 'twinlatch.db'), 'notes of a person, '.repeat(500))
    await expect(opening()).rejects.toMatchObject({ code: 'store/corrupt' })
    expect(statSync(join(home, 'twinlatch.db')).size).toBe(19 * 500)
  })

  test('but a directory, or that lies in none, is refused', async () => {
    mkdirSync(join(home, 'twinlatch.db'))
    await expect(opening()).rejects.toMatchObject({ code: 'store/cannot-open' })
    const url = `sqlite:${join(home, 'missing', 'twinlatch.db')}`
    const nowhere = openStore({ url, masterKey, clock: systemClock, log: silentLogger })
    await expect(nowhere).rejects.toMatchObject({ code: 'store/cannot-open' })
  })
})

test('durability and integrity settings are in force', async () => {
  const { database } = await open()
  const read = async (name: string) =>
    Object.values((await sql`pragma ${sql.raw(name)}`.execute(database)).rows[0] ?? {})[0]
  expect(await read('journal_mode')).toBe('wal')
  expect(await read('synchronous')).toBe(2)
  expect(await read('foreign_keys')).toBe(1)
  expect(await read('busy_timeout')).toBeGreaterThan(0)
})

test('the files are for their owner only', async () => {
  const store = await open()
  await insert(store.database, 'a')
  for (const name of readdirSync(home)) {
    expect([name, statSync(join(home, name)).mode & 0o077]).toEqual([name, 0])
  }
})
