import type { Database } from '@twinlatch/store'
import type { AuthorityRow, CaTables } from './ca-tables.ts'

const columns = [
  'id',
  'name',
  'role',
  'generation',
  'issuer_id',
  'serial',
  'certificate',
  'sealed_key',
  'created_at',
] as const

/** Every authority there is, the newest generation of each name and role first. */
export async function readAuthorities(database: Database): Promise<AuthorityRow[]> {
  return database
    .withTables<CaTables>()
    .selectFrom('ca_authorities')
    .select(columns)
    .orderBy('name')
    .orderBy('role')
    .orderBy('generation', 'desc')
    .execute()
}

/** Adds an authority; `store/duplicate` if somebody else just made that generation. */
export async function insertAuthority(database: Database, row: AuthorityRow): Promise<void> {
  await database.withTables<CaTables>().insertInto('ca_authorities').values(row).execute()
}
