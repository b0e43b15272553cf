import { type DerNode, encodeDer } from './der.ts'
import { PkiError } from './errors.ts'

/** Reasons of RFC 5280 section 5.3.1 in the order of their numbers; 7 was never given out. */
const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  null,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const

/** Why a certificate was revoked. */
export type RevocationReason = NonNullable<(typeof revocationReasons)[number]>

/** Reads the value of a reasonCode extension; throws for a number that means nothing. */
export function readReason(node: DerNode): RevocationReason {
  const reason = revocationReasons[node.content[0] ?? -1]
  if (node.tag !== 0x0a || node.content.length !== 1 || !reason) {
    throw new PkiError('pki/malformed-crl', 'a revocation has an unknown reason')
  }
  return reason
}

/** DER of the value of a reasonCode extension. */
export function encodeReason(reason: RevocationReason): Uint8Array {
  return encodeDer(0x0a, Uint8Array.of(revocationReasons.indexOf(reason)))
}
