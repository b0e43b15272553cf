import type { Database } from '../database.ts'

/** The keys that seal values, each wrapped by the master key. The newest one seals. */
export async function createDataKeys(database: Database): Promise<void> {
  await database.schema
    .createTable('store_data_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('master_key_id', 'text', (column) => column.notNull())
    .addColumn('wrapped', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
}
