import type { Database } from '@twinlatch/store'

/** The audit log. `sequence` is the order of the chain and is shown to nobody. */
export async function createAudit(database: Database): Promise<void> {
  await database.schema
    .createTable('control_audit')
    .addColumn('sequence', 'integer', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('subaccount_id', 'text', (column) => column.notNull())
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addColumn('previous_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createIndex('control_audit_by_subaccount')
    .on('control_audit')
    .columns(['subaccount_id', 'sequence'])
    .execute()
}
