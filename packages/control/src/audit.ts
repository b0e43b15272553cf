import { createHash } from 'node:crypto'
import { type Clock, newId, type SubaccountId } from '@twinlatch/kit'
import type { AuditEntry, AuditSink, Database, Store } from '@twinlatch/store'
import { readAuditAnchor } from './audit-anchor-store.ts'
import { prunedAction } from './audit-retention.ts'
import {
  type AuditRow,
  auditRowsAfter,
  insertAuditRow,
  lastAuditRow,
  listAuditRows,
} from './audit-store.ts'
import { canonicalJson } from './json.ts'
import { controlLimits } from './limits.ts'

/** A line of the audit log as it is shown. */
export interface AuditRecord extends AuditEntry {
  readonly id: string
  readonly time: string
  /** SHA-256 over this line and the hash of the one before it, whosever that is. */
  readonly hash: string
}

/** The first line at which the chain does not hold, or that all of it does, from its anchor on. */
export type AuditCheck =
  | { readonly ok: true; readonly rows: number }
  | { readonly ok: false; readonly rows: number; readonly brokenAt: string }

/**
 * The audit log. Each row's hash covers the row before it, so that a row changed, removed or put
 * in afterwards is found by `check`. Rows that were removed because of their age are none of these:
 * the chain begins at an anchor then, which a later row bears witness to. A rewrite of everything up to the end is not: compare the
 * last hash with one noted elsewhere.
 */
export interface AuditLog extends AuditSink {
  /** Newest first. */
  list(subaccountId: SubaccountId, options?: { limit?: number }): Promise<AuditRecord[]>
  check(): Promise<AuditCheck>
}

/** What the first row's hash stands on. */
const origin = '0'.repeat(64)

/** The log kept in `store`. */
export function createAuditLog({ store, clock }: { store: Store; clock: Clock }): AuditLog {
  return {
    record(database, entry) {
      const append = (handle: Database) => appendEntry(handle, entry, clock.now())
      // The end of the chain is read and extended in one go, also by a caller that only reads.
      return database.isTransaction ? append(database) : database.transaction().execute(append)
    },
    async list(subaccountId, { limit = 100 } = {}) {
      const rows = await listAuditRows(
        store.database,
        subaccountId,
        Math.min(limit, controlLimits.auditListedMax),
      )
      return rows.map(toRecord)
    },
    check: () =>
      store.database
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(checkChain),
  }
}

async function appendEntry(database: Database, entry: AuditEntry, now: Date): Promise<void> {
  const last = await lastAuditRow(database)
  const row = {
    sequence: (last?.sequence ?? 0) + 1,
    id: newId('aud'),
    subaccountId: entry.subaccountId,
    time: now.toISOString(),
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    detail: canonicalJson(entry.detail),
    previousHash: last?.hash ?? origin,
  }
  await insertAuditRow(database, { ...row, hash: hashOf(row) })
}

async function checkChain(database: Database): Promise<AuditCheck> {
  const anchor = await readAuditAnchor(database)
  const first = anchor?.sequence ?? 0
  let sequence = first
  let previousHash = anchor?.hash ?? origin
  let witnessed = anchor === null
  for (;;) {
    const rows = await auditRowsAfter(database, sequence, controlLimits.auditCheckedRows)
    if (rows.length === 0) {
      // Without it whoever removes rows could move the anchor along.
      return witnessed
        ? { ok: true, rows: sequence - first }
        : { ok: false, rows: 0, brokenAt: 'the beginning' }
    }
    for (const row of rows) {
      const follows = row.sequence === sequence + 1 && row.previousHash === previousHash
      if (!follows || row.hash !== hashOf(row)) {
        return { ok: false, rows: sequence - first, brokenAt: row.id }
      }
      witnessed ||= row.action === prunedAction && hashIn(row) === anchor?.hash
      sequence = row.sequence
      previousHash = row.hash
    }
  }
}

function hashIn({ detail }: AuditRow): unknown {
  return (JSON.parse(detail) as AuditEntry['detail'])['hash']
}

function hashOf(row: Omit<AuditRow, 'hash'>): string {
  const { sequence, id, subaccountId, time, actor, action, target, detail, previousHash } = row
  const fields = [sequence, id, subaccountId, time, actor, action, target, detail, previousHash]
  return createHash('sha256').update(JSON.stringify(fields), 'utf8').digest('hex')
}

function toRecord(row: AuditRow): AuditRecord {
  return {
    id: row.id,
    time: row.time,
    // Ids and details come from `record`, which took them as such.
    subaccountId: row.subaccountId as SubaccountId,
    actor: row.actor,
    action: row.action,
    target: row.target,
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
    hash: row.hash,
  }
}
