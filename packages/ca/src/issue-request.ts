import type { Clock, Logger } from '@twinlatch/kit'
import type { Certificate, KeyPair } from '@twinlatch/pki'
import type { AuditSink, Store } from '@twinlatch/store'
import type { SigningAuthority } from './authority.ts'
import type { CertificateRecord, StoredCertificate } from './certificate-record.ts'
import type { CaLimits } from './config.ts'
import type { KeyPackage } from './keystore.ts'
import type { AdmittedOrder, OrderingCaller } from './order.ts'

/** What issuing needs. */
export interface IssueDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Logger
  readonly limits: CaLimits
}

/** One issue: an admitted order, who pays for it, and what makes it happen once only. */
export interface IssueRequest {
  readonly order: AdmittedOrder
  readonly authority: SigningAuthority
  readonly caller: OrderingCaller
  readonly key: KeyPair
  /** Whether it counts towards the quota; our own listeners' certificates do not. */
  readonly counted: boolean
  /** Whether the key is packed for somebody outside this process. */
  readonly packed: boolean
  readonly ifMissing: boolean
  readonly idempotencyKey: string | null
}

/** A fresh certificate, or the one that made a new one unnecessary. */
export type IssueResult =
  | {
      readonly kind: 'issued'
      readonly record: CertificateRecord
      readonly chain: readonly Certificate[]
      readonly packed: KeyPackage | null
    }
  | { readonly kind: 'existing'; readonly stored: StoredCertificate }
