import { type Logger, messageOf, type Stoppable } from '@twinlatch/kit'
import { sql } from 'kysely'
import type { Database } from './database.ts'
import { storeLimits } from './limits.ts'

type Tables = { store_changes: { topic: string; version: number } }

/**
 * Tells other processes on the same database that something was changed. A version is a count of
 * the changes of a topic; whoever has read after a version was committed has seen all up to it.
 */
export interface Changes {
  /** Within the transaction of the change, which it becomes known with. The version it makes. */
  announce(database: Database, topic: string): Promise<number>
  /**
   * Calls `listener` with the newest version of `topic` after each change that any process
   * committed, this one included; several changes at once may be one call. Resolves when none is
   * missed any more, with the function that ends it: read what you keep in memory after that.
   */
  listen(topic: string, listener: (version: number) => void): Promise<() => void>
}

/** What the two databases do differently. */
export interface ChangeTransport {
  /** Says within a transaction that there is news, to whoever hears it at its commit. */
  notify(database: Database, topic: string): Promise<void>
  /** Calls `wake` when there may be news. */
  watch(wake: () => void): Stoppable
}

interface Watched {
  readonly listeners: Set<(version: number) => void>
  /** The last version that the listeners know. */
  seen: number
}

/** The changes kept in `store_changes`. Nothing is watched before somebody listens. */
export function createChanges(
  database: Database,
  transport: ChangeTransport,
  log: Logger,
): Changes & Stoppable {
  const watched = new Map<string, Watched>()
  let watching: Stoppable | undefined
  let checking: Promise<void> | undefined
  let again = false
  let retry: NodeJS.Timeout | undefined

  const check = async () => {
    const rows = await readVersions(database, [...watched.keys()])
    for (const [topic, entry] of watched) {
      const version = rows.get(topic) ?? 0
      if (version <= entry.seen) continue
      entry.seen = version
      for (const listener of entry.listeners) listener(version)
    }
  }
  const wake = () => {
    again = true
    checking ??= (async () => {
      while (again) {
        again = false
        await check().catch((error: unknown) => {
          log.debug({ event: 'store.changes_unread', reason: messageOf(error) }, 'no news')
          // Whoever was woken because the database is back may have met a connection of before.
          retry ??= setTimeout(() => {
            retry = undefined
            wake()
          }, storeLimits.changeRetryMs).unref()
        })
      }
      checking = undefined
    })()
  }
  return {
    async announce(handle, topic) {
      const { version } = await handle
        .withTables<Tables>()
        .insertInto('store_changes')
        .values({ topic, version: 1 })
        .onConflict((conflict) =>
          conflict.column('topic').doUpdateSet({ version: sql`store_changes.version + 1` }),
        )
        .returning('version')
        .executeTakeFirstOrThrow()
      await transport.notify(handle, topic)
      return version
    },
    async listen(topic, listener) {
      const seen = (await readVersions(database, [topic])).get(topic) ?? 0
      const entry = watched.get(topic) ?? { listeners: new Set(), seen }
      entry.listeners.add(listener)
      watched.set(topic, entry)
      watching ??= transport.watch(wake)
      return () => {
        entry.listeners.delete(listener)
      }
    },
    async stop() {
      watched.clear()
      clearTimeout(retry)
      await watching?.stop()
      await checking
    },
  }
}

async function readVersions(
  database: Database,
  topics: readonly string[],
): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map()
  const rows = await database
    .withTables<Tables>()
    .selectFrom('store_changes')
    .select(['topic', 'version'])
    .where('topic', 'in', topics)
    .execute()
  return new Map(rows.map(({ topic, version }) => [topic, version]))
}
