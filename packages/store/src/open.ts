import { type Clock, type Logger, messageOf, type Secret, type Stoppable } from '@twinlatch/kit'
import { type Changes, createChanges } from './changes.ts'
import { openDataKeys } from './data-key-store.ts'
import type { Database } from './database.ts'
import { type DatabaseUrl, type Engine, openEngine } from './engine.ts'
import { type MigrationRun, type MigrationSet, runMigrations } from './migrate.ts'
import { ownMigrations } from './migrations.ts'
import { createSealer, type Sealer } from './seal.ts'
import { createTransactions } from './transaction.ts'

/** What a store is opened with. */
export interface StoreOptions {
  /**
   * `sqlite:` and the absolute path of the file, which is created if it is missing, or
   * `postgres://user:password@host:port/name`, whose database exists.
   */
  readonly url: DatabaseUrl
  /** 32 bytes that wrap the keys which seal values. */
  readonly masterKey: Secret<Uint8Array>
  readonly clock: Clock
  readonly log: Logger
}

/** The database. What a write acknowledged survives a crash of process and machine. */
export interface Store extends Stoppable {
  /**
   * For queries outside a transaction: a select sees what is committed, never an open transaction;
   * anything else is a transaction of its own.
   */
  readonly database: Database
  readonly seal: Sealer
  /** How processes that share a database learn of one another's changes. */
  readonly changes: Changes
  /**
   * Applies what is missing of all `sets`, in one transaction. One call with the sets of every
   * service that shares the database: a step that none of the calls so far knows is a newer
   * program's.
   */
  migrate(sets: readonly MigrationSet[]): Promise<void>
  /**
   * Runs `work` alone among all writers of all processes, and commits what it did, or nothing if it
   * throws. All queries of `work` go through the handle it is given; a write past it is an error.
   * It must not wait for anything but the database, because every other writer waits for it, and it
   * may run again from its start, so it changes nothing but the database. After a failed statement
   * it can only end.
   */
  transaction<T>(work: (database: Database) => Promise<T>): Promise<T>
}

/** Topic of the data keys: a process that makes a new one says so. */
const dataKeysTopic = 'store.data-keys'

/** Opens (or creates) the database, after which only `migrate` is left to do before it is used. */
export async function openStore({ url, masterKey, clock, log }: StoreOptions): Promise<Store> {
  const engine = await openEngine(url, log)
  const { database, dataKeySettleMs } = engine
  const transaction = createTransactions(engine)
  const changes = createChanges(database, engine.transport, log)
  const stop = async () => {
    // Closed at once for what comes later; what runs is waited for.
    const closing = engine.close()
    await changes.stop()
    await closing
  }
  try {
    const run = await migrateOwnTables(engine, { clock, log })
    const declared = new Map([[ownMigrations.service, ownMigrations]])
    const keys = await openDataKeys({
      database,
      transaction,
      masterKey,
      clock,
      settleMs: dataKeySettleMs,
      created: async (handle) => {
        await changes.announce(handle, dataKeysTopic)
      },
    })
    // Only where several processes share a database can another one make a key.
    if (dataKeySettleMs > 0) {
      await changes.listen(dataKeysTopic, () => {
        keys.reload().catch((error: unknown) => {
          const reason = messageOf(error)
          log.error({ event: 'store.data_keys_unread', reason }, 'new data keys cannot be opened')
        })
      })
      await keys.reload()
    }
    return {
      database,
      seal: createSealer(keys),
      changes,
      async migrate(sets) {
        for (const set of sets) declared.set(set.service, set)
        await runMigrations(run, [...declared.values()], { others: 'refused' })
      },
      transaction,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Makes the store's own tables what this program needs; says how to go on with those of services. */
export async function migrateOwnTables(
  engine: Engine,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<MigrationRun> {
  const { kind, database, backUp } = engine
  const run = { kind, database, transaction: createTransactions(engine), backUp, clock, log }
  await runMigrations(run, [ownMigrations], { others: 'allowed' })
  return run
}
