import type { Database } from '@twinlatch/store'

/** Applied manifests. The names are what look-ups need; everything else is in the sealed body. */
export async function createDocuments(database: Database): Promise<void> {
  await database.schema
    .createTable('control_documents')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subaccount_id', 'text', (column) => column.notNull())
    .addColumn('api_group', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('sealed_body', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createIndex('control_documents_by_name')
    .unique()
    .on('control_documents')
    .columns(['subaccount_id', 'api_group', 'kind', 'namespace', 'name'])
    .execute()
}
