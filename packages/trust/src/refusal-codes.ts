import type { ChainFault } from '@twinlatch/pki'
import type { DecisionCode } from './decision.ts'

/**
 * The code for an OpenSSL verification error as Node names it, or `null` for one that says nothing
 * of its own (`UNSPECIFIED` and whatever comes later).
 */
export function codeOfVerifyError(verifyError: string | null): DecisionCode | null {
  return verifyError === null ? null : (codes.get(verifyError) ?? null)
}

const codes = new Map<string, DecisionCode>([
  ['UNABLE_TO_GET_ISSUER_CERT', 'CHN_UNKNOWN_AUTHORITY'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CHN_UNKNOWN_AUTHORITY'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CHN_UNKNOWN_AUTHORITY'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'CHN_UNKNOWN_AUTHORITY'],
  ['CERT_UNTRUSTED', 'CHN_UNKNOWN_AUTHORITY'],
  ['CERT_REJECTED', 'CHN_UNKNOWN_AUTHORITY'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CHN_SELF_SIGNED'],
  ['CERT_CHAIN_TOO_LONG', 'CHN_TOO_LONG'],
  ['INVALID_CA', 'CHN_BAD_CONSTRAINTS'],
  ['PATH_LENGTH_EXCEEDED', 'CHN_BAD_CONSTRAINTS'],
  ['INVALID_PURPOSE', 'EKU_NOT_CLIENT_AUTH'],
  ['CERT_HAS_EXPIRED', 'VAL_EXPIRED'],
  ['CERT_NOT_YET_VALID', 'VAL_NOT_YET'],
  ['CERT_SIGNATURE_FAILURE', 'TLS_BAD_SIGNATURE'],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'TLS_BAD_SIGNATURE'],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'TLS_BAD_SIGNATURE'],
  ['CERT_REVOKED', 'REV_REVOKED'],
  ['CRL_HAS_EXPIRED', 'REV_LIST_STALE'],
  ['CRL_NOT_YET_VALID', 'REV_LIST_STALE'],
  ['UNABLE_TO_GET_CRL', 'REV_LIST_MISSING'],
  ['CRL_SIGNATURE_FAILURE', 'REV_LIST_MISSING'],
  ['UNABLE_TO_DECRYPT_CRL_SIGNATURE', 'REV_LIST_MISSING'],
])

/** The code for a fault that our own chain verification found. */
export function codeOfFault(fault: ChainFault): DecisionCode {
  return codeOfChainFault[fault]
}

const codeOfChainFault = {
  'unknown-authority': 'CHN_UNKNOWN_AUTHORITY',
  'intermediate-missing': 'CHN_INTERMEDIATE_MISSING',
  'self-signed': 'CHN_SELF_SIGNED',
  'too-long': 'CHN_TOO_LONG',
  'bad-constraints': 'CHN_BAD_CONSTRAINTS',
  'bad-signature': 'TLS_BAD_SIGNATURE',
  expired: 'VAL_EXPIRED',
  'not-yet-valid': 'VAL_NOT_YET',
  'issuer-expired': 'VAL_ISSUER_EXPIRED',
  'wrong-purpose': 'EKU_NOT_CLIENT_AUTH',
  revoked: 'REV_REVOKED',
  'crl-missing': 'REV_LIST_MISSING',
  'crl-stale': 'REV_LIST_STALE',
  weak: 'CHN_BAD_CONSTRAINTS',
  malformed: 'CHN_BAD_CONSTRAINTS',
} as const satisfies Record<ChainFault, DecisionCode>

/** The code for a connection that ended before a handshake was finished, where there is one. */
export function codeOfHandshakeFault(kind: string): DecisionCode | null {
  return handshakeCodes.get(kind) ?? null
}

const handshakeCodes = new Map<string, DecisionCode>([
  ['not-tls', 'TLS_NOT_TLS'],
  ['hello-too-large', 'TLS_NOT_TLS'],
  ['hello-malformed', 'TLS_NOT_TLS'],
  ['timeout', 'TLS_TIMEOUT'],
  ['protocol-version', 'TLS_PROTOCOL_VERSION'],
  ['no-shared-cipher', 'TLS_NO_SHARED_CIPHER'],
  ['bad-signature', 'TLS_BAD_SIGNATURE'],
  ['limit', 'ACC_LIMIT'],
])
