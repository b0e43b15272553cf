import { type Clock, devSubaccountId, type Logger, messageOf, type Stoppable } from '@twinlatch/kit'
import type { AuditSink, Database, Store } from '@twinlatch/store'
import { oldestAuditRows, removeAuditRowsThrough } from './audit-anchor-store.ts'
import { controlLimits } from './limits.ts'

/** What the removal of old rows needs. */
export interface RetentionOptions {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly retentionDays: number
}

/** The action of the row that says that, and up to where, earlier ones were removed. */
export const prunedAction = 'audit.pruned'

const dayMs = 86_400_000

/**
 * Removes the rows that are older than `retentionDays`, from the beginning of the log only, and
 * answers how many. What is left is a chain still: the hash of the last removed row is kept as its
 * anchor, and stands in a row of the log itself. The last row always stays.
 */
export async function pruneAuditLog(options: RetentionOptions): Promise<number> {
  let removed = 0
  for (;;) {
    const batch = await options.store.transaction((database) => pruneBatch(database, options))
    removed += batch
    if (batch < controlLimits.auditPrunedRows) return removed
  }
}

/** Prunes at once and from then on every hour; a failure is logged, and made good by the next time. */
export function keepAuditRetention(options: RetentionOptions, log: Logger): Stoppable {
  let running = Promise.resolve()
  const prune = () => {
    running = running.then(async () => {
      try {
        const rows = await pruneAuditLog(options)
        if (rows > 0) log.info({ event: 'audit.pruned', rows }, 'old audit rows removed')
      } catch (error) {
        const reason = messageOf(error)
        log.warn({ event: 'audit.prune_failed', reason }, 'old audit rows are still there')
      }
    })
  }
  prune()
  const timer = setInterval(prune, controlLimits.auditPruneEveryMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

async function pruneBatch(
  database: Database,
  { audit, clock, retentionDays }: RetentionOptions,
): Promise<number> {
  const before = new Date(clock.now().getTime() - retentionDays * dayMs).toISOString()
  const rows = await oldestAuditRows(database, controlLimits.auditPrunedRows + 1)
  const kept = rows.findIndex(({ time }) => time >= before)
  const old = kept < 0 ? rows.slice(0, -1) : rows.slice(0, kept)
  const last = old.at(-1)
  if (!last) return 0
  await removeAuditRowsThrough(database, last)
  await audit.record(database, {
    subaccountId: devSubaccountId,
    actor: 'system',
    action: prunedAction,
    target: 'audit',
    detail: { before, rows: old.length, hash: last.hash },
  })
  return old.length
}
