import { startPostgres } from '../packages/testing/src/postgres.ts'
import { testServerVariable } from '../packages/testing/src/test-database.ts'

/** One server for all tests of a run on PostgreSQL; each makes a database of its own in it. */
export async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres()
  if (server) process.env[testServerVariable] = server.url
  return async () => {
    await server?.stop()
  }
}
