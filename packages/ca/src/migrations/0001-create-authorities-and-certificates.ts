import type { Database } from '@twinlatch/store'

/**
 * `ca_authorities`: the certificates that sign, with their sealed keys. `ca_certificates`: the
 * inventory, one row for each serial that was ever signed, released or not; never a leaf's key.
 */
export async function createAuthoritiesAndCertificates(database: Database): Promise<void> {
  await database.schema
    .createTable('ca_authorities')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('issuer_id', 'text', (column) => column.references('ca_authorities.id'))
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('certificate', 'text', (column) => column.notNull())
    .addColumn('sealed_key', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createIndex('ca_authorities_generation')
    .unique()
    .on('ca_authorities')
    .columns(['name', 'role', 'generation'])
    .execute()
  await database.schema
    .createIndex('ca_authorities_serial')
    .unique()
    .on('ca_authorities')
    .columns(['issuer_id', 'serial'])
    .execute()
  await database.schema
    .createTable('ca_certificates')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subaccount_id', 'text', (column) => column.notNull())
    .addColumn('issuer_id', 'text', (column) => column.notNull().references('ca_authorities.id'))
    .addColumn('serial', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('profile', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('key_type', 'text', (column) => column.notNull())
    .addColumn('not_before', 'text', (column) => column.notNull())
    .addColumn('not_after', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('certificate', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('counted', 'integer', (column) => column.notNull())
    .addColumn('idempotency_key', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createIndex('ca_certificates_serial')
    .unique()
    .on('ca_certificates')
    .columns(['issuer_id', 'serial'])
    .execute()
  await database.schema
    .createIndex('ca_certificates_idempotency_key')
    .unique()
    .on('ca_certificates')
    .columns(['subaccount_id', 'idempotency_key'])
    .execute()
  await database.schema
    .createIndex('ca_certificates_name')
    .on('ca_certificates')
    .columns(['subaccount_id', 'name', 'created_at'])
    .execute()
  await database.schema
    .createIndex('ca_certificates_created_at')
    .on('ca_certificates')
    .columns(['subaccount_id', 'created_at'])
    .execute()
}
