import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import {
  createTemporaryDirectory,
  createTestDatabase,
  type TemporaryDirectory,
  type TestDatabase,
} from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CopyOptions, copyStore } from './copy.ts'
import type { MigrationSet } from './migrate.ts'
import { openStore, type Store } from './open.ts'

type Tables = {
  shop_groups: { id: string; parent_id: string | null }
  shop_items: { id: string; group_id: string; n: number; sealed: string }
}

const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))
const shop: MigrationSet = {
  service: 'shop',
  migrations: [
    {
      name: '0001-create-items',
      up: async ({ schema }) => {
        // By name the items come first, by reference the groups, and among them "z" before "a".
        await schema
          .createTable('shop_groups')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('parent_id', 'text', (column) => column.references('shop_groups.id'))
          .execute()
        await schema
          .createTable('shop_items')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('group_id', 'text', (column) => column.notNull().references('shop_groups.id'))
          .addColumn('n', 'integer', (column) => column.notNull())
          .addColumn('sealed', 'text', (column) => column.notNull())
          .execute()
      },
    },
  ],
}
const itemCount = 250
const placeOf = (id: string) => ({ table: 'shop_items', subaccountId: 's', id, field: 'sealed' })

let home: TemporaryDirectory
let source: TestDatabase
let opened: Store[]

beforeEach(async () => {
  home = await createTemporaryDirectory()
  source = await createTestDatabase()
  opened = []
})
afterEach(async () => {
  for (const store of opened) await store.stop()
  await source.remove()
  await home.remove()
})

async function open(url: string): Promise<Store> {
  const store = await openStore({ url, masterKey, clock: systemClock, log: silentLogger })
  opened.push(store)
  await store.migrate([shop])
  return store
}

async function fill(store: Store): Promise<void> {
  await store.transaction(async (database) => {
    const tables = database.withTables<Tables>()
    await tables
      .insertInto('shop_groups')
      .values([
        { id: 'z', parent_id: null },
        { id: 'a', parent_id: 'z' },
      ])
      .execute()
    const items = Array.from({ length: itemCount }, (_, n) => {
      const id = `item-${n}`
      return { id, n, group_id: 'a', sealed: store.seal.seal(`secret of ${id}`, placeOf(id)) }
    })
    await tables.insertInto('shop_items').values(items).execute()
  })
}

async function assertComplete(store: Store): Promise<void> {
  const tables = store.database.withTables<Tables>()
  const items = await tables.selectFrom('shop_items').select(['id', 'n', 'sealed']).execute()
  expect(items).toHaveLength(itemCount)
  for (const { id, n, sealed } of items) {
    expect(id).toBe(`item-${n}`)
    expect(store.seal.open(sealed, placeOf(id)).toString()).toBe(`secret of ${id}`)
  }
}

const fileUrl = (name: string) => `sqlite:${join(home.path, name)}`
const copy = (options: Pick<CopyOptions, 'from' | 'to'>) =>
  copyStore({ ...options, sets: [shop], clock: systemClock, log: silentLogger })

test('there and back again: every row, number and sealed value, and the counts say so', async () => {
  const store = await open(source.url)
  await fill(store)
  const { tables } = await copy({ from: source.url, to: fileUrl('copy.db') })
  const counts = new Map(tables.map(({ name, rows }) => [name, rows]))
  expect(counts.get('shop_items')).toBe(itemCount)
  expect(counts.get('shop_groups')).toBe(2)
  expect(counts.get('store_data_keys')).toBe(1)
  await assertComplete(await open(fileUrl('copy.db')))
  const back = await createTestDatabase()
  try {
    await copy({ from: fileUrl('copy.db'), to: back.url })
    const restored = await open(back.url)
    await assertComplete(restored)
    await restored.stop()
  } finally {
    await back.remove()
  }
})

test('a copy taken while others write is of one moment, and holds none of them up', async () => {
  const store = await open(source.url)
  await fill(store)
  let writing = true
  let written = 0
  const write = async () => {
    while (writing) {
      const id = `later-${written++}`
      await store.transaction(async (database) => {
        const tables = database.withTables<Tables>()
        await tables.insertInto('shop_groups').values({ id, parent_id: 'z' }).execute()
        await tables
          .insertInto('shop_items')
          .values({ id, group_id: id, n: -1, sealed: store.seal.seal('x', placeOf(id)) })
          .execute()
      })
    }
  }
  const writer = write()
  for (let count = 0; count < 3; count += 1) {
    const url = fileUrl(`copy-${count}.db`)
    const before = written
    await copy({ from: source.url, to: url })
    expect(written).toBeGreaterThan(before)
    const { database } = await open(url)
    const tables = database.withTables<Tables>()
    const groups = await tables.selectFrom('shop_groups').select('id').execute()
    const items = await tables
      .selectFrom('shop_items')
      .select('group_id')
      .where('n', '=', -1)
      .execute()
    expect(items.map(({ group_id }) => group_id).sort()).toEqual(
      groups
        .map(({ id }) => id)
        .filter((id) => id.startsWith('later'))
        .sort(),
    )
  }
  writing = false
  await writer
})

test('a target that has tables is refused and left as it is', async () => {
  await fill(await open(source.url))
  const target = await open(fileUrl('target.db'))
  await expect(copy({ from: source.url, to: fileUrl('target.db') })).rejects.toMatchObject({
    code: 'store/not-empty',
  })
  const rows = await target.database.selectFrom('shop_items').select('id').execute()
  expect(rows).toEqual([])
})

test.each([
  ['an empty database', async () => undefined],
  [
    'a database of another version',
    async () => {
      const store = await open(source.url)
      await sql`insert into store_migrations values ('shop', '0002-later', '2030')`.execute(
        store.database,
      )
    },
  ],
])('%s is no source, and nothing is left at the target', async (_name, prepare) => {
  await prepare()
  const refused = copy({ from: source.url, to: fileUrl('target.db') })
  await expect(refused).rejects.toMatchObject({
    code: expect.stringMatching(/^store\/(other-version|cannot-open)$/),
  })
  const target = await open(fileUrl('target.db'))
  expect(await target.database.selectFrom('shop_items').select('id').execute()).toEqual([])
})

test('the file of a copy is for its owner only, and is one file', async () => {
  await fill(await open(source.url))
  await copy({ from: source.url, to: fileUrl('copy.db') })
  const path = join(home.path, 'copy.db')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(existsSync(`${path}-wal`)).toBe(false)
})
