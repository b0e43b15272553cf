import assert from 'node:assert'
import type { Clock, Logger } from '@twinlatch/kit'
import type { Database } from './database.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'
import { type DatabaseKind, hasTable } from './table-shape.ts'

/** One step of a schema. Released steps never change: the next change is a new step. */
export interface Migration {
  /** Ordered and self-explaining: `0001-create-certificates`. */
  readonly name: string
  up(database: Database): Promise<void>
}

/** The schema of one service, whose tables bear its name as prefix. */
export interface MigrationSet {
  readonly service: string
  readonly migrations: readonly Migration[]
}

type Tables = {
  store_migrations: { service: string; name: string; applied_at: string }
}

interface Step extends Migration {
  readonly service: string
}

/** What a migration run needs of the store. */
export interface MigrationRun {
  readonly kind: DatabaseKind
  readonly database: Database
  transaction<T>(work: (database: Database) => Promise<T>): Promise<T>
  /** Copies the database, named after the first step that is about to run. */
  backUp(name: string): Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Brings the schema to what `sets` say: all missing steps in one transaction, or none. Before the
 * first change to an SQLite file that holds anything it is copied. Processes that start together wait
 * for one another: the transaction looks again at what is missing. A step that was applied but is not
 * in `sets` comes from a newer program, and the database is refused as it is; `others` says whether
 * that holds for services that are not in `sets` at all.
 */
export async function runMigrations(
  run: MigrationRun,
  sets: readonly MigrationSet[],
  { others }: { others: 'allowed' | 'refused' },
): Promise<void> {
  const steps = sets.flatMap(({ service, migrations }) =>
    migrations.map((migration) => ({ service, ...migration })),
  )
  assertWellFormed(steps)
  await createMigrationTable(run)
  const before = await missingOf(run.database, steps, sets, others)
  const [first] = before.pending
  if (!first) return
  // Keys that sealed nothing yet are worth no copy.
  if (before.holdsData) await run.backUp(`${first.service}-${first.name}`)
  const pending = await patiently(run, async (database) => {
    // Another process may have had the lock before us, and have done it all.
    const { pending } = await missingOf(database, steps, sets, others)
    for (const step of pending) {
      await step.up(database)
      await database
        .withTables<Tables>()
        .insertInto('store_migrations')
        .values({
          service: step.service,
          name: step.name,
          applied_at: run.clock.now().toISOString(),
        })
        .execute()
    }
    return pending
  })
  if (pending.length === 0) return
  const names = pending.map(keyOf)
  run.log.info({ event: 'store.migrated', migrations: names }, 'database schema brought up to date')
}

/** Another process may be at it, and a large table takes its time. */
async function patiently<T>(
  run: MigrationRun,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run.transaction(work)
    } catch (error) {
      const busy = error instanceof StoreError && error.code === 'store/busy'
      if (!busy || attempt === storeLimits.migrationWaitsMax) throw error
    }
  }
}

/** Looked for first: making it is a write, and would wait for a migration of another process. */
async function createMigrationTable({ database, kind }: MigrationRun): Promise<void> {
  if (await hasTable(database, kind, 'store_migrations')) return
  await database.schema
    .createTable('store_migrations')
    .ifNotExists()
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('store_migrations_pk', ['service', 'name'])
    .execute()
}

interface Missing {
  readonly pending: readonly Step[]
  readonly holdsData: boolean
}

async function missingOf(
  database: Database,
  steps: readonly Step[],
  sets: readonly MigrationSet[],
  others: 'allowed' | 'refused',
): Promise<Missing> {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('store_migrations')
    .select(['service', 'name'])
    .execute()
  const applied = new Set(rows.map(keyOf))
  const services = new Set(sets.map(({ service }) => service))
  refuseNewer(
    steps,
    [...applied].filter((key) => others === 'refused' || services.has(serviceOf(key))),
  )
  const pending = steps.filter((step) => !applied.has(keyOf(step)))
  if (pending.length > 0) assertAppendOnly(applied, steps)
  return { pending, holdsData: [...applied].some((key) => serviceOf(key) !== 'store') }
}

function refuseNewer(steps: readonly Step[], applied: readonly string[]): void {
  const known = new Set(steps.map(keyOf))
  const unknown = applied.filter((key) => !known.has(key))
  if (unknown.length === 0) return
  throw new StoreError(
    'store/newer-database',
    `A newer version has changed this database (${unknown.sort().join(', ')}). ` +
      'Start that version, or go back to a copy from before (SQLite: it lies beside the file).',
  )
}

function assertWellFormed(steps: readonly Step[]): void {
  const seen = new Set<string>()
  for (const step of steps) {
    assert.match(step.service, /^[a-z]+$/)
    assert.match(step.name, /^\d{4}-[a-z0-9-]+$/)
    assert(!seen.has(keyOf(step)), `migration ${keyOf(step)} is listed twice`)
    seen.add(keyOf(step))
  }
}

/** A new step goes to the end of its service, or databases would differ by their history. */
function assertAppendOnly(applied: ReadonlySet<string>, steps: readonly Step[]): void {
  const missing = new Set<string>()
  for (const step of steps) {
    if (!applied.has(keyOf(step))) missing.add(step.service)
    else assert(!missing.has(step.service), `a migration was put before ${keyOf(step)}`)
  }
}

function keyOf({ service, name }: { service: string; name: string }): string {
  return `${service}/${name}`
}

function serviceOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}
