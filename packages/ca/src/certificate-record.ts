import type { CertificateRow } from './ca-tables.ts'

/** A certificate in the inventory: stored facts, no key. */
export interface CertificateRecord {
  readonly id: string
  readonly name: string
  readonly profile: string
  /** RFC 2253 text. */
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly sha256: string
  readonly keyType: string
  readonly notBefore: string
  readonly notAfter: string
  readonly status: string
  readonly createdAt: string
}

/** A record with the PEM of the leaf and the row of its issuer, from which the chain is put together. */
export interface StoredCertificate {
  readonly record: CertificateRecord
  readonly certificatePem: string
  readonly issuerId: string
}

/** Which certificates a list shows; `failed` ones only when asked for. */
export interface CertificateFilter {
  readonly name?: string | undefined
  readonly profile?: string | undefined
  readonly status?: 'active' | 'failed' | undefined
}

/** The record in a row. */
export function recordOf(row: Omit<CertificateRow, NotInRecord>): CertificateRecord {
  return {
    id: row.id,
    name: row.name,
    profile: row.profile,
    subject: row.subject,
    issuer: row.issuer,
    serial: row.serial,
    sha256: row.sha256,
    keyType: row.key_type,
    notBefore: row.not_before,
    notAfter: row.not_after,
    status: row.status,
    createdAt: row.created_at,
  }
}

type NotInRecord =
  | 'subaccount_id'
  | 'issuer_id'
  | 'certificate'
  | 'actor'
  | 'counted'
  | 'idempotency_key'
