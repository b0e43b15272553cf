import type { Database } from '@twinlatch/store'

/** What the first row of the audit log stands on, once earlier ones were removed: one row or none. */
export async function createAuditAnchor(database: Database): Promise<void> {
  await database.schema
    .createTable('control_audit_anchor')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute()
}
