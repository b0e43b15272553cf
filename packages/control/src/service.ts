import type { Clock, Logger, Stoppable } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { type AuditLog, createAuditLog } from './audit.ts'
import { keepAuditRetention } from './audit-retention.ts'
import type { DocumentCompiler } from './document.ts'
import { createDocuments, type Documents } from './documents.ts'
import { createExplanationFeed, type ExplanationFeed } from './explanation-feed.ts'
import { createSubaccounts, type Subaccounts } from './subaccount.ts'

/** What belongs to all services: tenants, audit log, applied documents, explanation feed. */
export interface Control extends Stoppable {
  readonly subaccounts: Subaccounts
  readonly audit: AuditLog
  readonly documents: Documents
  readonly explanations: ExplanationFeed
}

/** Opens control on a store whose migrations have run; afterwards there is a subaccount `dev`. */
export async function openControl({
  store,
  clock,
  log,
  compiler,
  explanations = createExplanationFeed({ clock }),
  auditRetentionDays = null,
}: {
  store: Store
  clock: Clock
  log: Logger
  compiler: DocumentCompiler
  /** A feed that has records already; a new one unless given. */
  explanations?: ExplanationFeed
  /** Age at which rows of the audit log are removed; `null`: never. */
  auditRetentionDays?: number | null
}): Promise<Control> {
  const audit = createAuditLog({ store, clock })
  const subaccounts = createSubaccounts({ store, audit, clock })
  await subaccounts.ensureDev()
  const documents = createDocuments({ store, audit, compiler, clock, log })
  const stopWatching = await documents.watch()
  const retention =
    auditRetentionDays === null
      ? null
      : keepAuditRetention({ store, audit, clock, retentionDays: auditRetentionDays }, log)
  return {
    subaccounts,
    audit,
    documents,
    explanations,
    // The store is closed by whoever opened it.
    async stop() {
      stopWatching()
      await retention?.stop()
    },
  }
}
