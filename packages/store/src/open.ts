import { chmodSync, renameSync, rmSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { Clock, Logger, Secret, Stoppable } from '@twinlatch/kit'
import { Kysely } from 'kysely'
import { loadDataKeys } from './data-key-store.ts'
import type { Database } from './database.ts'
import { openSqlite, type Sqlite } from './dialects/sqlite.ts'
import { createPrivateFile, syncPath } from './dialects/sqlite-connection.ts'
import { StoreError } from './errors.ts'
import { type MigrationRun, type MigrationSet, runMigrations } from './migrate.ts'
import { createDataKeys } from './migrations/0001-create-data-keys.ts'
import { createSealer, type Sealer } from './seal.ts'

/** What a store is opened with. */
export interface StoreOptions {
  /** `sqlite:` and the absolute path of the file, which is created if it is missing. */
  readonly url: string
  /** 32 bytes that wrap the keys which seal values. */
  readonly masterKey: Secret<Uint8Array>
  readonly clock: Clock
  readonly log: Logger
}

/** The embedded database. What a write acknowledged survives a crash of process and machine. */
export interface Store extends Stoppable {
  /**
   * For queries outside a transaction: a select sees what is committed, never an open transaction;
   * anything else is a transaction of its own.
   */
  readonly database: Database
  readonly seal: Sealer
  /**
   * Applies what is missing of all `sets`, in one transaction. One call with the sets of every
   * service that shares the file: a step that none of the calls so far knows is a newer program's.
   */
  migrate(sets: readonly MigrationSet[]): Promise<void>
  /**
   * Runs `work` alone among all writers and commits what it did, or nothing if it throws. All
   * queries of `work` go through the handle it is given; a write past it is an error. It must not
   * wait for anything but the database, because every other writer waits for it.
   */
  transaction<T>(work: (database: Database) => Promise<T>): Promise<T>
}

const ownMigrations: MigrationSet = {
  service: 'store',
  migrations: [{ name: '0001-create-data-keys', up: createDataKeys }],
}

/** Opens (or creates) the database, after which only `migrate` is left to do before it is used. */
export async function openStore({ url, masterKey, clock, log }: StoreOptions): Promise<Store> {
  const path = pathOf(url)
  const sqlite = openSqlite(path)
  try {
    const database: Database = new Kysely({ dialect: sqlite.dialect })
    const transaction = <T>(work: (database: Database) => Promise<T>) =>
      database.transaction().execute((handle) => sqlite.queue.inTransaction(() => work(handle)))
    const backUp = (name: string) => copyBeside(sqlite, path, name)
    const run: MigrationRun = { database, transaction, backUp, clock, log }
    const declared = new Map([[ownMigrations.service, ownMigrations]])
    await runMigrations(run, [ownMigrations], { others: 'allowed' })
    const keys = await loadDataKeys(database, masterKey, clock)
    return {
      database,
      seal: createSealer(keys),
      async migrate(sets) {
        for (const set of sets) declared.set(set.service, set)
        await runMigrations(run, [...declared.values()], { others: 'refused' })
      },
      transaction,
      stop: () => sqlite.close(),
    }
  } catch (error) {
    await sqlite.close()
    throw error
  }
}

function pathOf(url: string): string {
  const scheme = /^[a-z+]+(?=:)/i.exec(url)?.[0].toLowerCase() ?? ''
  if (scheme === 'postgres' || scheme === 'postgresql') {
    throw new StoreError('store/unsupported-url', 'PostgreSQL is not built yet; use sqlite:<path>.')
  }
  const path = url.slice(scheme.length + 1)
  // The URL itself is not repeated: one meant for another database may hold a password.
  if (scheme !== 'sqlite' || !isAbsolute(path)) {
    throw new StoreError('store/unsupported-url', 'Give the database as sqlite:<absolute path>.')
  }
  return path
}

/** The copy appears under its name only when it is complete and durable. */
async function copyBeside(sqlite: Sqlite, path: string, name: string): Promise<void> {
  const target = `${path}.before-${name}`
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
  createPrivateFile(partial)
  try {
    await sqlite.copyTo(partial)
    chmodSync(partial, 0o600)
    syncPath(partial)
    renameSync(partial, target)
    syncPath(dirname(path))
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}
