import type { Database } from '@twinlatch/store'

/**
 * Destinations and certificates, of the same form: what identifies them in columns, everything else
 * sealed, because any property of a destination may be a secret. `instance_id` is empty on
 * subaccount level, since unique constraints see two NULLs as different.
 */
export const createItems = {
  name: '0001-create-items',
  async up(database: Database): Promise<void> {
    for (const table of ['destinations_destinations', 'destinations_certificates']) {
      await database.schema
        .createTable(table)
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('subaccount_id', 'text', (column) => column.notNull())
        .addColumn('instance_id', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('sealed_body', 'text', (column) => column.notNull())
        .addColumn('body_bytes', 'integer', (column) => column.notNull())
        .addColumn('etag', 'text', (column) => column.notNull())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('modified_at', 'text', (column) => column.notNull())
        .addUniqueConstraint(`${table}_name`, ['subaccount_id', 'instance_id', 'name'])
        .execute()
    }
  },
}
