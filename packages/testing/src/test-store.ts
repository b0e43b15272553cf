import { randomBytes } from 'node:crypto'
import { type Clock, Secret, silentLogger } from '@twinlatch/kit'
import {
  type AuditEntry,
  type AuditSink,
  type Database,
  type MigrationSet,
  openStore,
  type Store,
} from '@twinlatch/store'
import { createFakeClock } from './fake-clock.ts'
import { createTestDatabase } from './test-database.ts'

/** A real store on a database of its own, with an audit log that a test can read. */
export interface TestStore {
  readonly store: Store
  /** Writes into a table of the same database, so that a rolled back change has no entry. */
  readonly audit: AuditSink
  /** Every audit entry that was committed, oldest first. */
  auditEntries(): Promise<AuditEntry[]>
  /** All that is stored, as `TestDatabase.files` gives it, to look for what must not be there. */
  files(): Promise<Buffer>
  /** Another store on the same database, as a second process has it; the caller stops it. */
  beside(): Promise<Store>
  /** Closes the store and opens it again, as a restart does. */
  reopen(): Promise<Store>
  stop(): Promise<void>
}

type Tables = { testing_audit: { sequence: number; entry: string } }

const ownMigrations: MigrationSet = {
  service: 'testing',
  migrations: [
    {
      name: '0001-create-audit',
      up: async (database) => {
        await database.schema
          .createTable('testing_audit')
          .addColumn('sequence', 'integer', (column) => column.primaryKey())
          .addColumn('entry', 'text', (column) => column.notNull())
          .execute()
      },
    },
  ],
}

/** Opens a store with the schema of `migrations`. Stop it; its files are removed then. */
export async function openTestStore(
  migrations: readonly MigrationSet[],
  { clock = createFakeClock() }: { clock?: Clock } = {},
): Promise<TestStore> {
  const testDatabase = await createTestDatabase()
  const masterKey = new Secret<Uint8Array>(randomBytes(32))
  const open = async () => {
    const store = await openStore({ url: testDatabase.url, masterKey, clock, log: silentLogger })
    await store.migrate([...migrations, ownMigrations])
    return store
  }
  let store = await open()
  return {
    get store() {
      return store
    },
    audit: { record },
    auditEntries: async () => {
      const rows = await store.database
        .withTables<Tables>()
        .selectFrom('testing_audit')
        .select('entry')
        .orderBy('sequence')
        .execute()
      return rows.map(({ entry }) => JSON.parse(entry) as AuditEntry)
    },
    files: () => testDatabase.files(),
    beside: open,
    reopen: async () => {
      await store.stop()
      store = await open()
      return store
    },
    stop: async () => {
      await store.stop()
      await testDatabase.remove()
    },
  }
}

async function record(database: Database, entry: AuditEntry): Promise<void> {
  const append = async (handle: Database) => {
    const tables = handle.withTables<Tables>()
    const last = await tables
      .selectFrom('testing_audit')
      .select('sequence')
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
    const row = { sequence: (last?.sequence ?? 0) + 1, entry: JSON.stringify(entry) }
    await tables.insertInto('testing_audit').values(row).execute()
  }
  await (database.isTransaction ? append(database) : database.transaction().execute(append))
}
