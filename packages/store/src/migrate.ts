import assert from 'node:assert'
import type { Clock, Logger } from '@twinlatch/kit'
import type { Database } from './database.ts'
import { StoreError } from './errors.ts'

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
  readonly database: Database
  transaction<T>(work: (database: Database) => Promise<T>): Promise<T>
  /** Copies the database, named after the first step that is about to run. */
  backUp(name: string): Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Brings the schema to what `sets` say: all missing steps in one transaction, or none. Before the
 * first change to a database that holds anything it is copied. A step that was applied but is not
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
  const applied = await readApplied(run)
  const services = new Set(sets.map(({ service }) => service))
  refuseNewer(
    steps,
    [...applied].filter((key) => others === 'refused' || services.has(serviceOf(key))),
  )
  const pending = steps.filter((step) => !applied.has(keyOf(step)))
  const [first] = pending
  if (!first) return
  assertAppendOnly(applied, steps)
  // Keys that sealed nothing yet are worth no copy.
  const holdsData = [...applied].some((key) => serviceOf(key) !== 'store')
  if (holdsData) await run.backUp(`${first.service}-${first.name}`)
  await run.transaction(async (database) => {
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
  })
  const names = pending.map(keyOf)
  run.log.info({ event: 'store.migrated', migrations: names }, 'database schema brought up to date')
}

async function readApplied({ database }: MigrationRun): Promise<Set<string>> {
  await database.schema
    .createTable('store_migrations')
    .ifNotExists()
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('store_migrations_pk', ['service', 'name'])
    .execute()
  const rows = await database
    .withTables<Tables>()
    .selectFrom('store_migrations')
    .select(['service', 'name'])
    .execute()
  return new Set(rows.map(keyOf))
}

function refuseNewer(steps: readonly Step[], applied: readonly string[]): void {
  const known = new Set(steps.map(keyOf))
  const unknown = applied.filter((key) => !known.has(key))
  if (unknown.length === 0) return
  throw new StoreError(
    'store/newer-database',
    `A newer version has changed this database (${unknown.sort().join(', ')}). ` +
      'Start that version, or go back to the copy it made beside the database file.',
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
