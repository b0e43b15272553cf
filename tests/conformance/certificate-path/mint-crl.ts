import { encodeDer } from '../../../packages/pki/src/der.ts'
import { bitString, explicit, integer, sequence } from '../../../packages/pki/src/der-write.ts'
import { encodeTime } from '../../../packages/pki/src/time.ts'
import * as ext from './extensions.ts'
import { days, type Party } from './mint.ts'
import { type Signing, signerOf, type TestKey } from './test-key.ts'

/** A revocation list: everything that is left out is right. */
export interface ListOrder {
  readonly revoked?: readonly Party[]
  readonly from?: Date
  /** `null` leaves nextUpdate out. */
  readonly until?: Date | null
  readonly signedBy?: TestKey
  readonly signing?: Signing
  readonly keyId?: Uint8Array | null
  readonly more?: readonly Uint8Array[]
  /** Extensions of every entry. */
  readonly entryExtensions?: readonly Uint8Array[]
  readonly version?: 1 | 2
}

/** DER of a revocation list of `issuer`. */
export function listOf(issuer: Party, order: ListOrder = {}): Uint8Array {
  const signer = signerOf(order.signedBy ?? issuer.key, order.signing)
  const from = order.from ?? days(-1)
  const until = order.until === undefined ? days(1) : order.until
  const entries = (order.revoked ?? []).map(({ serial }) =>
    sequence(
      serial,
      encodeTime(from),
      ...(order.entryExtensions ? [sequence(...order.entryExtensions)] : []),
    ),
  )
  const keyId = order.keyId === undefined ? issuer.key.id : order.keyId
  const extensions = [
    ...(keyId === null ? [] : [ext.authorityKeyId({ keyId })]),
    ext.extension('2.5.29.20', integer(1)),
    ...(order.more ?? []),
  ]
  const isOld = order.version === 1
  const tbs = sequence(
    ...(isOld ? [] : [integer(1)]),
    signer.identifier,
    issuer.subject,
    encodeTime(from),
    ...(until === null ? [] : [encodeTime(until)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(isOld ? [] : [explicit(0, sequence(...extensions))]),
  )
  return sequence(tbs, signer.identifier, bitString(signer.sign(tbs)))
}

/** An entry extension with a reason by its number (RFC 5280 section 5.3.1). */
export function reason(number: number): Uint8Array {
  return ext.extension('2.5.29.21', encodeDer(0x0a, Uint8Array.of(number)))
}
