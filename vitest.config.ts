import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { findPostgres } from './packages/testing/src/postgres-binaries.ts'

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')

/** A fixture of a package without a store opens something else. */
function mayUseStore(file: string): boolean {
  const [, name = ''] = file.split('/')
  return name === 'testing' || /@twinlatch\/store"/.test(read(`packages/${name}/package.json`))
}

/**
 * Tests that keep something in a store run once on each database: these are they, found by what
 * they call, so that a new one cannot be left out.
 */
const onBothDatabases = globSync('packages/*/src/**/*.test.ts', {
  cwd: import.meta.dirname,
}).filter(
  (file) =>
    mayUseStore(file) &&
    /\b(openTestStore|createTestDatabase|open[A-Z]\w*Fixture)\(|fixture\.ts'/.test(read(file)),
)
const onPostgresOnly = 'packages/*/src/**/*.postgres.test.ts'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'tests/*.test.ts'],
          exclude: [onPostgresOnly],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'postgres',
          include: findPostgres() ? [...onBothDatabases, onPostgresOnly] : [],
          env: { TWINLATCH_TEST_STORE: 'postgres' },
          globalSetup: ['tests/start-postgres.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['tests/conformance/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
