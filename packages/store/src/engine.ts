import { chmodSync, renameSync, rmSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { type Logger, Secret } from '@twinlatch/kit'
import { type Dialect, Kysely, sql } from 'kysely'
import type { ChangeTransport } from './changes.ts'
import type { Database } from './database.ts'
import { openSqlite, type Sqlite } from './dialects/sqlite.ts'
import { createPrivateFile, syncPath } from './dialects/sqlite-connection.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'
import type { DatabaseKind } from './table-shape.ts'
import type { WriteQueue } from './write-queue.ts'

/** A database of either kind, before it has a schema or keys. */
export interface Engine {
  readonly kind: DatabaseKind
  readonly database: Database
  readonly queue: WriteQueue
  readonly transport: ChangeTransport
  /** How long a new data key must be known before it seals: other processes learn of it later. */
  readonly dataKeySettleMs: number
  /** Copies the database beside itself before a migration, named after its first step. */
  backUp(name: string): Promise<void>
  close(): Promise<void>
}

/** A database URL; as a `Secret` where it holds a password. */
export type DatabaseUrl = string | Secret

/**
 * Opens what the URL names: `sqlite:<absolute path>`, or `postgres://…`. Nothing of the URL is ever
 * repeated, because it may hold a password. With `readOnly` a file must be there, and is only read.
 */
export async function openEngine(
  url: DatabaseUrl,
  log: Logger,
  { readOnly = false } = {},
): Promise<Engine> {
  const text = url instanceof Secret ? url.reveal() : url
  const scheme = /^[a-z+]+(?=:)/i.exec(text)?.[0].toLowerCase() ?? ''
  if (scheme === 'postgres' || scheme === 'postgresql') return openPostgresEngine(text, log)
  const path = text.slice(scheme.length + 1)
  if (scheme === 'sqlite' && isAbsolute(path)) return openSqliteEngine(path, readOnly)
  throw new StoreError(
    'store/unsupported-url',
    'Give the database as sqlite:<absolute path> or postgres://user:password@host:port/name.',
  )
}

function openSqliteEngine(path: string, readOnly: boolean): Engine {
  const sqlite = openSqlite(path, { readOnly })
  return {
    kind: 'sqlite',
    database: new Kysely({ dialect: sqlite.dialect }),
    queue: sqlite.queue,
    dataKeySettleMs: 0,
    transport: { notify: async () => undefined, watch: everyMs(storeLimits.changePollMs) },
    backUp: (name) => copyBeside(sqlite, path, name),
    close: () => sqlite.close(),
  }
}

/** The driver is loaded for those who use it: every command would wait for it otherwise. */
async function openPostgresEngine(url: string, log: Logger): Promise<Engine> {
  const { openPostgres } = await import('./dialects/postgres.ts')
  const { changeChannel, listenForChanges } = await import('./dialects/postgres-listener.ts')
  const { describePostgres } = await import('./dialects/postgres-url.ts')
  const postgres = openPostgres(url)
  const database: Database = new Kysely({ dialect: postgres.dialect as Dialect })
  try {
    await database.selectNoFrom(sql`1`.as('one')).execute()
  } catch (error) {
    await postgres.close()
    throw nameDatabase(error, describePostgres(url))
  }
  return {
    kind: 'postgres',
    database,
    queue: postgres.queue,
    dataKeySettleMs: storeLimits.dataKeySettleMs,
    transport: {
      async notify(handle, topic) {
        await sql`select pg_notify(${changeChannel}, ${topic})`.execute(handle)
      },
      watch(wake) {
        const listening = listenForChanges(url, wake, log)
        const rechecking = everyMs(storeLimits.changeRecheckMs)(wake)
        return {
          stop: async () => {
            await rechecking.stop()
            await listening.stop()
          },
        }
      },
    },
    // A server holds the data of others too; its operator has tools for that.
    backUp: async () => undefined,
    close: () => postgres.close(),
  }
}

/** At the start there is a person who must be told which database, and what it said. */
function nameDatabase(error: unknown, place: string): unknown {
  if (!(error instanceof StoreError)) return error
  const reason = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return new StoreError(error.code, `${place}: ${error.message}${reason}`, { cause: error.cause })
}

function everyMs(periodMs: number): ChangeTransport['watch'] {
  return (wake) => {
    const timer = setInterval(wake, periodMs)
    timer.unref()
    return { stop: async () => clearInterval(timer) }
  }
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
