import { sql } from 'kysely'
import type { Database } from './database.ts'

/** What one must know of a table to copy it. */
export interface TableShape {
  readonly name: string
  readonly columns: readonly string[]
  /** Columns of the primary key. */
  readonly key: readonly string[]
  /** Columns with a foreign key, and the table each refers to. */
  readonly references: readonly { readonly column: string; readonly table: string }[]
}

/** Which database it is: the catalogues differ. */
export type DatabaseKind = 'sqlite' | 'postgres'

interface ColumnRow {
  readonly table_name: string
  readonly column_name: string
  /** Place in the primary key, from 1; 0 for a column outside of it. */
  readonly key_place: number
  readonly refers_to: string | null
}

/** Whether there is a table of this name; a read, which waits for nobody. */
export async function hasTable(
  database: Database,
  kind: DatabaseKind,
  name: string,
): Promise<boolean> {
  const found =
    kind === 'sqlite'
      ? await database
          .selectFrom('sqlite_master')
          .select('name')
          .where('type', '=', 'table')
          .where('name', '=', name)
          .execute()
      : await database
          .selectFrom('pg_tables')
          .select('tablename')
          .where('schemaname', '=', sql`current_schema()`)
          .where('tablename', '=', name)
          .execute()
  return found.length > 0
}

/** Every table of the database, by name. */
export async function listTables(database: Database, kind: DatabaseKind): Promise<TableShape[]> {
  const query = kind === 'sqlite' ? sqliteColumns : postgresColumns
  const { rows } = await query.execute(database)
  return [...Map.groupBy(rows, ({ table_name }) => table_name)].map(([name, columns]) => ({
    name,
    columns: columns.map(({ column_name }) => column_name),
    key: columns
      .filter(({ key_place }) => key_place > 0)
      .sort((a, b) => a.key_place - b.key_place)
      .map(({ column_name }) => column_name),
    references: columns.flatMap(({ column_name, refers_to }) =>
      refers_to === null ? [] : [{ column: column_name, table: refers_to }],
    ),
  }))
}

const sqliteColumns = sql<ColumnRow>`
  select t.name as table_name, c.name as column_name, c.pk as key_place,
    (select f."table" from pragma_foreign_key_list(t.name) f where f."from" = c.name) as refers_to
  from sqlite_master t, pragma_table_info(t.name) c
  where t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\'
  order by t.name, c.cid`

const postgresColumns = sql<ColumnRow>`
  select t.relname::text as table_name, c.attname::text as column_name,
    coalesce(array_position(p.conkey, c.attnum), 0) as key_place,
    (select f.confrelid::regclass::text from pg_constraint f
      where f.conrelid = t.oid and f.contype = 'f' and f.conkey[1] = c.attnum) as refers_to
  from pg_class t
  join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
  left join pg_constraint p on p.conrelid = t.oid and p.contype = 'p'
  where t.relkind in ('r', 'p') and t.relnamespace = current_schema()::regnamespace
  order by 1, c.attnum`
