import type { MigrationSet } from './migrate.ts'
import { createDataKeys } from './migrations/0001-create-data-keys.ts'
import { createChangeVersions } from './migrations/0002-create-changes.ts'

/** The store's own tables, in order; append only. */
export const ownMigrations: MigrationSet = {
  service: 'store',
  migrations: [
    { name: '0001-create-data-keys', up: createDataKeys },
    { name: '0002-create-changes', up: createChangeVersions },
  ],
}
