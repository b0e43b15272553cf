import type { Database } from '@twinlatch/store'

/** Bindings: OAuth clients of one subaccount each, their secrets sealed. */
export const createBindings = {
  name: '0001-create-bindings',
  async up(database: Database): Promise<void> {
    await database.schema
      .createTable('tokens_bindings')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('subaccount_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('instance_id', 'text', (column) => column.notNull().unique())
      .addColumn('client_id', 'text', (column) => column.notNull().unique())
      .addColumn('credential_type', 'text', (column) => column.notNull())
      .addColumn('sealed_client_secret', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addUniqueConstraint('tokens_bindings_name', ['subaccount_id', 'name'])
      .execute()
  },
}
