import type { Clock, Logger } from '@twinlatch/kit'
import type { Database } from './database.ts'
import { type DatabaseUrl, type Engine, openEngine } from './engine.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'
import { type MigrationSet, runMigrations } from './migrate.ts'
import { ownMigrations } from './migrations.ts'
import { listTables, type TableShape } from './table-shape.ts'
import { createTransactions } from './transaction.ts'

/** From where to where, and the schema of every service. */
export interface CopyOptions {
  readonly from: DatabaseUrl
  readonly to: DatabaseUrl
  readonly sets: readonly MigrationSet[]
  readonly clock: Clock
  readonly log: Logger
}

/** How many rows of each table were copied, and are there. */
export interface CopyReport {
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
}

type Row = Readonly<Record<string, unknown>>

/**
 * Copies everything from one database into an empty other one, of either kind: all of it as it was
 * at one moment, while others go on writing, or nothing. Sealed values and the wrapped data keys
 * are copied as they are, so that the copy opens with the same master key. Both must have the
 * schema of this program: `store/other-version` if the source has not, `store/not-empty` if the
 * target holds a table already.
 */
export async function copyStore(options: CopyOptions): Promise<CopyReport> {
  const source = await openEngine(options.from, options.log, { readOnly: true })
  try {
    const target = await openEngine(options.to, options.log)
    try {
      return await snapshotOf(source, (from) => copyInto(target, from, source, options))
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

function snapshotOf<T>({ database }: Engine, work: (from: Database) => Promise<T>): Promise<T> {
  return database
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(work)
}

async function copyInto(
  target: Engine,
  from: Database,
  source: Engine,
  options: CopyOptions,
): Promise<CopyReport> {
  const known = await listTables(from, source.kind)
  if (!known.some(({ name }) => name === 'store_migrations')) throw otherVersion()
  if ((await listTables(target.database, target.kind)).length > 0) {
    throw new StoreError('store/not-empty', 'The target has tables already. Give an empty one.')
  }
  return createTransactions(target)(async (into) => {
    const run = {
      kind: target.kind,
      database: into,
      // Everything is one transaction: a copy is complete, or there is nothing.
      transaction: <T>(work: (database: Database) => Promise<T>) => work(into),
      backUp: async () => undefined,
      clock: options.clock,
      log: options.log,
    }
    await runMigrations(run, [ownMigrations, ...options.sets], { others: 'refused' })
    await assertSameSteps(from, into)
    const tables = await listTables(into, target.kind)
    const copied: { name: string; rows: number }[] = []
    for (const table of inReferenceOrder(tables)) {
      await into.deleteFrom(table.name).execute()
      const rows = await copyTable(from, into, table)
      copied.push({ name: table.name, rows })
      await assertCount(from, into, table, rows)
    }
    return { tables: copied }
  })
}

/** Page after page by the primary key. A row comes after the one of its table it refers to. */
async function copyTable(from: Database, into: Database, table: TableShape): Promise<number> {
  const parent = table.references.find((reference) => reference.table === table.name)
  const [first, ...more] = table.key
  if (first === undefined) throw new TypeError(`${table.name} has no primary key`)
  // A tree, or a key of several columns, is a handful of rows: one page holds them.
  const paged = !parent && more.length === 0
  let count = 0
  let last: unknown
  for (;;) {
    let query = from.selectFrom(table.name).select([...table.columns])
    if (parent) query = query.orderBy(parent.column, (order) => order.asc().nullsFirst())
    for (const column of table.key) query = query.orderBy(column)
    if (last !== undefined) query = query.where(first, '>', last)
    if (paged) query = query.limit(storeLimits.copyRows)
    const rows: Row[] = await query.execute()
    if (rows.length > 0) await into.insertInto(table.name).values(rows).execute()
    count += rows.length
    last = rows.at(-1)?.[first]
    if (!paged || rows.length < storeLimits.copyRows) return count
  }
}

async function assertCount(
  from: Database,
  into: Database,
  { name }: TableShape,
  copied: number,
): Promise<void> {
  const counts = await Promise.all([countRows(from, name), countRows(into, name)])
  if (counts.every((count) => count === copied)) return
  throw new StoreError('store/io', `Of ${name} not every row arrived; nothing was kept.`)
}

async function countRows(database: Database, table: string): Promise<number> {
  const { count } = await database
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The tables follow from the steps that made them. */
async function assertSameSteps(from: Database, into: Database): Promise<void> {
  const [source, target] = await Promise.all([readSteps(from), readSteps(into)])
  if (source.join() === target.join()) return
  throw otherVersion()
}

async function readSteps(database: Database): Promise<string[]> {
  const rows = await database
    .selectFrom('store_migrations')
    .select(['service', 'name'])
    .orderBy('service')
    .orderBy('name')
    .execute()
  return rows.map(({ service, name }) => `${service}/${name}`)
}

function otherVersion(): StoreError {
  return new StoreError(
    'store/other-version',
    'The source was not written by this version. Start this version on it once, then copy.',
  )
}

/** A table comes after those it refers to, as a foreign key demands. */
function inReferenceOrder(tables: readonly TableShape[]): TableShape[] {
  const left = new Map(tables.map((table) => [table.name, table]))
  const ordered: TableShape[] = []
  while (left.size > 0) {
    const next = [...left.values()].find(({ name, references }) =>
      references.every(({ table }) => table === name || !left.has(table)),
    )
    if (!next) throw new TypeError('tables refer to one another in a circle')
    left.delete(next.name)
    ordered.push(next)
  }
  return ordered
}
