import type { SubaccountId } from '@twinlatch/kit'
import type { Database } from './database.ts'

/** One line of the audit log. `detail` holds facts that may be shown: never a secret. */
export interface AuditEntry {
  readonly subaccountId: SubaccountId
  /** Who: `admin` or an OAuth client id, or `system` for what the server does by itself. */
  readonly actor: string
  /** What, as `noun.verb`: `certificate.issued`, `binding.shown`, `documents.applied`. */
  readonly action: string
  readonly target: string
  readonly detail: Readonly<Record<string, string | number | boolean | null>>
}

/**
 * Writes audit rows in the transaction of the change they describe, so that neither is ever
 * without the other.
 */
export interface AuditSink {
  record(database: Database, entry: AuditEntry): Promise<void>
}
