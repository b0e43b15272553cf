import type { Database } from '@twinlatch/store'

/** The tenants. */
export async function createSubaccounts(database: Database): Promise<void> {
  await database.schema
    .createTable('control_subaccounts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('host', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
}
