import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from './database.ts'
import type { MigrationSet } from './migrate.ts'
import { openStore } from './open.ts'

type Tables = {
  shop_items: { id: string; sealed: string; parts: number }
  shop_parts: { item_id: string; n: number }
}

const rounds = 20
const partsPerItem = 3
const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))

let home: TemporaryDirectory
let children: ChildProcess[]
beforeEach(async () => {
  home = await createTemporaryDirectory()
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await home.remove()
})

const shop: MigrationSet = {
  service: 'shop',
  migrations: [{ name: '0001-create-items', up: createShop }],
}

async function createShop(database: Database): Promise<void> {
  await database.schema
    .createTable('shop_items')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('parts', 'integer', (column) => column.notNull())
    .execute()
  await database.schema
    .createTable('shop_parts')
    .addColumn('item_id', 'text', (column) => column.notNull())
    .addColumn('n', 'integer', (column) => column.notNull())
    .execute()
}

const open = async (file = 'twinlatch.db') => {
  const url = `sqlite:${join(home.path, file)}`
  const store = await openStore({ url, masterKey, clock: systemClock, log: silentLogger })
  await store.migrate([shop])
  return store
}

/**
 * A process that writes until it dies: several transactions at once, each of an item, its parts
 * and a sealed value. It says an item's id only after the commit was acknowledged.
 */
function writerScript(round: number): string {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
  return `
    import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
    import { openStore } from ${module('./open.ts')}
    const store = await openStore({
      url: process.argv[1], masterKey: new Secret(Buffer.alloc(32, 7)),
      clock: systemClock, log: silentLogger,
    })
    let next = 0
    const write = async () => {
      for (;;) {
        const id = 'r${round}-' + next++
        await store.transaction(async (database) => {
          const sealed = store.seal.seal('value of ' + id, {
            table: 'shop_items', subaccountId: 's', id, field: 'sealed' })
          await database.insertInto('shop_items').values({ id, sealed, parts: ${partsPerItem} }).execute()
          for (let n = 0; n < ${partsPerItem}; n++) {
            await database.insertInto('shop_parts').values({ item_id: id, n }).execute()
            await new Promise((resolve) => setImmediate(resolve))
          }
        })
        process.stdout.write(id + '\\n')
      }
    }
    await Promise.all([write(), write(), write()])`
}

/** Kills a writer after `lines` acknowledged items, and tells all that it had acknowledged. */
async function acknowledgedBeforeKill(round: number, lines: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      writerScript(round),
      `sqlite:${join(home.path, 'twinlatch.db')}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname },
  )
  children.push(child)
  const acknowledged: string[] = []
  const reading = createInterface({ input: child.stdout })
  reading.on('line', (line) => {
    acknowledged.push(line)
    if (acknowledged.length === lines) child.kill('SIGKILL')
  })
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(reading, 'close')])
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  return acknowledged
}

test(`${rounds} times kill -9 while writing: no acknowledged row is lost, none is half-written`, {
  timeout: 120_000,
}, async () => {
  await (await open()).stop()
  const acknowledged = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const lines = 1 + ((round * 37) % 150)
    for (const id of await acknowledgedBeforeKill(round, lines)) acknowledged.add(id)
    const store = await open()
    const tables = store.database.withTables<Tables>()
    const items = await tables.selectFrom('shop_items').select(['id', 'sealed']).execute()
    const parts = await tables
      .selectFrom('shop_parts')
      .select(({ fn }) => ['item_id', fn.countAll<number>().as('count')])
      .groupBy('item_id')
      .execute()
    const there = new Set(items.map(({ id }) => id))
    expect([...acknowledged].filter((id) => !there.has(id))).toEqual([])
    expect(parts.filter(({ count }) => Number(count) !== partsPerItem)).toEqual([])
    expect(parts.length).toBe(items.length)
    for (const { id, sealed } of items) {
      const place = { table: 'shop_items', subaccountId: 's', id, field: 'sealed' }
      expect(store.seal.open(sealed, place).toString()).toBe(`value of ${id}`)
    }
    await store.stop()
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(rounds)
})

test('a sealed value is in no file of the home in the clear, also while it is being written', async () => {
  const secret = 'correct-horse-battery-staple'
  const store = await open()
  const place = { table: 'shop_items', subaccountId: 's', id: 'a', field: 'sealed' }
  const insert = (sealed: string, id: string) =>
    store.database
      .withTables<Tables>()
      .insertInto('shop_items')
      .values({ id, sealed, parts: 0 })
      .execute()
  await insert(store.seal.seal(secret, place), 'a')
  const hits = () =>
    readdirSync(home.path).filter((name) => {
      const bytes = readFileSync(join(home.path, name))
      const needles = [
        Buffer.from(secret),
        Buffer.from(secret, 'utf16le'),
        Buffer.from(Buffer.from(secret).toString('base64url')),
        Buffer.from(Buffer.from(secret).toString('hex')),
        Buffer.from(masterKey.reveal()),
      ]
      return needles.some((needle) => bytes.includes(needle))
    })
  expect(readdirSync(home.path).length).toBeGreaterThan(1)
  expect(hits()).toEqual([])
  await insert(secret, 'control')
  expect(hits()).not.toEqual([])
  await store.stop()
})

test('a database opens only with the master key it was sealed with', async () => {
  await (await open()).stop()
  const url = `sqlite:${join(home.path, 'twinlatch.db')}`
  const other = new Secret<Uint8Array>(Buffer.alloc(32, 8))
  const opening = openStore({ url, masterKey: other, clock: systemClock, log: silentLogger })
  await expect(opening).rejects.toMatchObject({ code: 'store/wrong-master-key' })
  await (await open()).stop()
})

test('a data key grows old and is replaced at the next start; its values still open', async () => {
  const url = `sqlite:${join(home.path, 'twinlatch.db')}`
  const place = { table: 't', subaccountId: 's', id: 'i', field: 'f' }
  const openAt = (time: string) =>
    openStore({ url, masterKey, clock: { now: () => new Date(time) }, log: silentLogger })
  const keyOf = (sealed: string) => sealed.split('.')[1]
  const first = await openAt('2026-01-01T00:00:00.000Z')
  const old = first.seal.seal('x', place)
  await first.stop()
  const young = await openAt('2026-03-31T23:59:59.999Z')
  expect(keyOf(young.seal.seal('x', place))).toBe(keyOf(old))
  await young.stop()
  const aged = await openAt('2026-04-01T00:00:00.000Z')
  expect(keyOf(aged.seal.seal('x', place))).not.toBe(keyOf(old))
  expect(aged.seal.open(old, place).toString()).toBe('x')
  await aged.stop()
})
