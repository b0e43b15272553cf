import type { Database } from '../database.ts'

/** How often what a process keeps in memory was changed, by topic: the notice to all others. */
export async function createChangeVersions(database: Database): Promise<void> {
  await database.schema
    .createTable('store_changes')
    .addColumn('topic', 'text', (column) => column.primaryKey())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute()
}
