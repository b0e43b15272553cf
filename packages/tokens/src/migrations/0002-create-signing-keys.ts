import type { Database } from '@twinlatch/store'

/** Keys that sign access tokens; they belong to the installation, not to a subaccount. */
export const createSigningKeysTable = {
  name: '0002-create-signing-keys',
  async up(database: Database): Promise<void> {
    await database.schema
      .createTable('tokens_signing_keys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sealed_private_key', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .execute()
  },
}
