import type { Certificate } from './certificate.ts'

/** Why a chain is not trusted; names are public and never change. */
export type ChainFault =
  | 'unknown-authority'
  | 'intermediate-missing'
  | 'self-signed'
  | 'too-long'
  | 'bad-constraints'
  | 'bad-signature'
  | 'expired'
  | 'not-yet-valid'
  | 'issuer-expired'
  | 'wrong-purpose'
  | 'revoked'
  | 'crl-missing'
  | 'crl-stale'
  | 'weak'
  | 'malformed'

/** One reason and the certificate it is about. */
export interface ChainProblem {
  readonly code: ChainFault
  /** One sentence without names of other tenants; it may be shown to an operator. */
  readonly message: string
  readonly certificate: Certificate | null
}

/** What a certificate is presented for. */
export type ChainPurpose = 'client' | 'server'
