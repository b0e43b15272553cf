import type { KeyObject } from 'node:crypto'
import type { Secret, Stoppable, SubaccountId } from '@twinlatch/kit'
import type { Certificate } from '@twinlatch/pki'
import type { Authority } from './authority.ts'
import type { CertificateFilter, CertificateRecord } from './certificate-record.ts'
import type { CertificateOrder, OrderingCaller } from './order.ts'

/** Names of a listener of ours: DNS names and IP addresses. */
export interface ServerOrder {
  readonly subaccountId: SubaccountId
  readonly names: readonly string[]
  readonly days: number
}

/** The answer to an order: a fresh certificate with its key, or the existing one without. */
export interface IssuedCertificate {
  readonly record: CertificateRecord
  readonly certificate: Certificate
  /** Leaf, issuing certificate, root. */
  readonly chain: readonly Certificate[]
  /** PKCS#12 or PEM, exactly once: no key of a leaf is kept. */
  readonly file: Uint8Array | null
  readonly fileName: string | null
  /** PKCS#8 PEM in the clear, for `pem-secret` only. */
  readonly privateKeyPem: Secret | null
  /** True when `ifMissing` found one that has not expired. */
  readonly existing: boolean
}

/** A certificate of the inventory with what is needed to show its chain. */
export interface CertificateWithChain extends CertificateRecord {
  readonly chain: readonly Certificate[]
  /** Leaf, issuing certificate, root. */
  readonly chainPem: string
}

/** A server certificate for a listener of this very process; the key never leaves it. */
export interface ListenerCertificate {
  readonly certificate: Certificate
  /** Leaf and issuing certificate. No root: it is not sent (pki.md section 11, trap 12). */
  readonly chainPem: string
  readonly privateKey: KeyObject
}

/** Issues certificates and keeps their inventory (pki.md section 1). */
export interface CertificateAuthority extends Stoppable {
  /** Creates the authorities that are missing; idempotent. Every other call does so, too. */
  ensureAuthorities(): Promise<void>
  authorities(): Promise<readonly Authority[]>
  /** By name, `clients`, `partner` or `server`; `ca/unknown-authority` otherwise. */
  authority(name: string): Promise<Authority>
  /**
   * Issues by the order's profile. A second call with one idempotency key, within the subaccount,
   * is `ca/already-issued`: it neither makes a certificate nor shows the key again.
   */
  issue(
    order: CertificateOrder,
    caller: OrderingCaller,
    options?: { readonly idempotencyKey?: string | undefined },
  ): Promise<IssuedCertificate>
  list(subaccountId: SubaccountId, filter?: CertificateFilter): Promise<CertificateRecord[]>
  /** By id, serial in any spelling, or the newest of that name; `ca/unknown-certificate` otherwise. */
  get(subaccountId: SubaccountId, handle: string): Promise<CertificateWithChain>
  /** Counts towards no quota; audited as done by `system`. */
  issueServerCertificate(order: ServerOrder): Promise<ListenerCertificate>
}
