import type { SubaccountId } from '@twinlatch/kit'
import type { Database } from '@twinlatch/store'
import type { Subaccount } from './subaccount.ts'

type Row = { id: string; name: string; host: string; created_at: string }
type Tables = { control_subaccounts: Row }

const columns = ['id', 'name', 'host', 'created_at'] as const

/** The subaccount with this id or name, if there is one. */
export async function findSubaccount(
  database: Database,
  by: { id: SubaccountId } | { name: string },
): Promise<Subaccount | null> {
  const [column, value] = 'id' in by ? (['id', by.id] as const) : (['name', by.name] as const)
  const row = await database
    .withTables<Tables>()
    .selectFrom('control_subaccounts')
    .select(columns)
    .where(column, '=', value)
    .executeTakeFirst()
  return row ? fromRow(row) : null
}

/** All subaccounts, by name. */
export async function listSubaccounts(database: Database): Promise<Subaccount[]> {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('control_subaccounts')
    .select(columns)
    .orderBy('name')
    .execute()
  return rows.map(fromRow)
}

/** How many subaccounts there are. */
export async function countSubaccounts(database: Database): Promise<number> {
  const row = await database
    .withTables<Tables>()
    .selectFrom('control_subaccounts')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Adds a subaccount whose name is free. */
export async function insertSubaccount(database: Database, added: Subaccount): Promise<void> {
  const { id, name, host, createdAt } = added
  await database
    .withTables<Tables>()
    .insertInto('control_subaccounts')
    .values({ id, name, host, created_at: createdAt })
    .execute()
}

function fromRow({ id, name, host, created_at }: Row): Subaccount {
  // Only ids that were made as such are ever inserted.
  return { id: id as SubaccountId, name, host, createdAt: created_at }
}
