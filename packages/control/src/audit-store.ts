import type { SubaccountId } from '@twinlatch/kit'
import type { Database } from '@twinlatch/store'

/** A row of the log as it is kept; `detail` is JSON text, so that the hash has one spelling. */
export interface AuditRow {
  readonly sequence: number
  readonly id: string
  readonly subaccountId: string
  readonly time: string
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly detail: string
  readonly previousHash: string
  readonly hash: string
}

type Row = {
  sequence: number
  id: string
  subaccount_id: string
  time: string
  actor: string
  action: string
  target: string
  detail: string
  previous_hash: string
  hash: string
}
type Tables = { control_audit: Row }

const columns = [
  'sequence',
  'id',
  'subaccount_id',
  'time',
  'actor',
  'action',
  'target',
  'detail',
  'previous_hash',
  'hash',
] as const

/** The end of the chain, or nothing while the log is empty. */
export async function lastAuditRow(database: Database): Promise<AuditRow | null> {
  const row = await database
    .withTables<Tables>()
    .selectFrom('control_audit')
    .select(columns)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? fromRow(row) : null
}

/** Appends a row. */
export async function insertAuditRow(database: Database, added: AuditRow): Promise<void> {
  const { subaccountId, previousHash, ...same } = added
  await database
    .withTables<Tables>()
    .insertInto('control_audit')
    .values({ ...same, subaccount_id: subaccountId, previous_hash: previousHash })
    .execute()
}

/** The newest rows of one subaccount, newest first. */
export async function listAuditRows(
  database: Database,
  subaccountId: SubaccountId,
  limit: number,
): Promise<AuditRow[]> {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('control_audit')
    .select(columns)
    .where('subaccount_id', '=', subaccountId)
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** Rows of all subaccounts after `sequence`, in the order of the chain. */
export async function auditRowsAfter(
  database: Database,
  sequence: number,
  limit: number,
): Promise<AuditRow[]> {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('control_audit')
    .select(columns)
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

function fromRow({ subaccount_id, previous_hash, ...same }: Row): AuditRow {
  return { ...same, subaccountId: subaccount_id, previousHash: previous_hash }
}
