/** `ca_authorities`: an authority of one role and generation, and its sealed private key. */
export interface AuthorityRow {
  id: string
  name: string
  role: string
  /** 1 is the first; the highest one signs. */
  generation: number
  issuer_id: string | null
  serial: string
  /** PEM. */
  certificate: string
  /** PKCS#8 DER, sealed. */
  sealed_key: string
  created_at: string
}

/** `ca_certificates`: one row for each serial that was ever signed. */
export interface CertificateRow {
  id: string
  subaccount_id: string
  /** Row of the authority that signed. */
  issuer_id: string
  serial: string
  name: string
  profile: string
  /** RFC 2253 text, for lists. */
  subject: string
  issuer: string
  sha256: string
  key_type: string
  not_before: string
  not_after: string
  /** `active`, or `failed`: signed, but never handed out. */
  status: string
  /** PEM of the leaf. */
  certificate: string
  actor: string
  /** 1 if it counts towards the quota. */
  counted: number
  idempotency_key: string | null
  created_at: string
}

/** The tables of this service, for Kysely. */
export type CaTables = {
  ca_authorities: AuthorityRow
  ca_certificates: CertificateRow
}
