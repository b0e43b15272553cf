import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
import { createTemporaryDirectory } from './temporary-directory.ts'

/** A real store in a directory of its own, with an audit log that a test can read. */
export interface TestStore {
  readonly store: Store
  /** Writes into a table of the same database, so that a rolled back change has no entry. */
  readonly audit: AuditSink
  /** Every audit entry that was committed, oldest first. */
  auditEntries(): Promise<AuditEntry[]>
  /** The bytes of every file the database consists of, to look for what must not be in there. */
  files(): Promise<Buffer>
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
          .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
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
  const directory = await createTemporaryDirectory()
  const masterKey = new Secret<Uint8Array>(randomBytes(32))
  const url = `sqlite:${join(directory.path, 'test.db')}`
  const open = async () => {
    const store = await openStore({ url, masterKey, clock, log: silentLogger })
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
    files: async () => {
      const names = await readdir(directory.path)
      return Buffer.concat(
        await Promise.all(names.map((name) => readFile(join(directory.path, name)))),
      )
    },
    reopen: async () => {
      await store.stop()
      store = await open()
      return store
    },
    stop: async () => {
      await store.stop()
      await directory.remove()
    },
  }
}

async function record(database: Database, entry: AuditEntry): Promise<void> {
  await database
    .withTables<Tables>()
    .insertInto('testing_audit')
    .values({ entry: JSON.stringify(entry) } as Tables['testing_audit'])
    .execute()
}
