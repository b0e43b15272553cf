import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPostgresDatabase, dropPostgresDatabase, readPostgresRows } from './postgres.ts'
import { createTemporaryDirectory } from './temporary-directory.ts'

/** An empty database for one test, of the kind that the run is about. */
export interface TestDatabase {
  readonly kind: 'sqlite' | 'postgres'
  readonly url: string
  /**
   * The bytes of every file it consists of; of a server, whose files are not ours to read, every
   * row of every table.
   */
  files(): Promise<Buffer>
  /** Removes it with everything in it. */
  remove(): Promise<void>
}

/** Names the server that the tests of a run share; set by the set-up of the run. */
export const testServerVariable = 'TWINLATCH_TEST_POSTGRES_URL'

/** Whether stores of this run lie in PostgreSQL: the same tests run once for each kind. */
export const testStoreKind: TestDatabase['kind'] =
  process.env['TWINLATCH_TEST_STORE'] === 'postgres' ? 'postgres' : 'sqlite'

/** Makes an empty database of the kind that this run of the tests is about. */
export function createTestDatabase(): Promise<TestDatabase> {
  return testStoreKind === 'postgres' ? onPostgres() : onSqlite()
}

async function onSqlite(): Promise<TestDatabase> {
  const directory = await createTemporaryDirectory()
  return {
    kind: 'sqlite',
    url: `sqlite:${join(directory.path, 'test.db')}`,
    files: async () => {
      const names = await readdir(directory.path)
      return Buffer.concat(
        await Promise.all(names.map((name) => readFile(join(directory.path, name)))),
      )
    },
    remove: () => directory.remove(),
  }
}

async function onPostgres(): Promise<TestDatabase> {
  const server = process.env[testServerVariable]
  if (!server) throw new Error(`${testServerVariable} names no server`)
  const url = await createPostgresDatabase(server)
  return {
    kind: 'postgres',
    url,
    files: () => readPostgresRows(url),
    remove: () => dropPostgresDatabase(url),
  }
}
