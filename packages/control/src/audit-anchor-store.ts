import type { Database } from '@twinlatch/store'

/** Place and hash of the last row that was removed from the beginning of the audit log. */
export interface AuditAnchor {
  readonly sequence: number
  readonly hash: string
}

type Tables = {
  control_audit: { sequence: number; time: string; hash: string }
  control_audit_anchor: { name: string; sequence: number; hash: string }
}

const anchorName = 'beginning'

/** The anchor, or nothing while no row was ever removed. */
export async function readAuditAnchor(database: Database): Promise<AuditAnchor | null> {
  const row = await database
    .withTables<Tables>()
    .selectFrom('control_audit_anchor')
    .select(['sequence', 'hash'])
    .where('name', '=', anchorName)
    .executeTakeFirst()
  return row ?? null
}

/** The oldest rows, oldest first. */
export async function oldestAuditRows(
  database: Database,
  limit: number,
): Promise<(AuditAnchor & { readonly time: string })[]> {
  return database
    .withTables<Tables>()
    .selectFrom('control_audit')
    .select(['sequence', 'time', 'hash'])
    .orderBy('sequence')
    .limit(limit)
    .execute()
}

/** Removes every row up to `anchor`, which takes their place. In a transaction of the caller's. */
export async function removeAuditRowsThrough(
  database: Database,
  anchor: AuditAnchor,
): Promise<void> {
  const tables = database.withTables<Tables>()
  await tables.deleteFrom('control_audit').where('sequence', '<=', anchor.sequence).execute()
  const { sequence, hash } = anchor
  await tables
    .insertInto('control_audit_anchor')
    .values({ name: anchorName, sequence, hash })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ sequence, hash }))
    .execute()
}
