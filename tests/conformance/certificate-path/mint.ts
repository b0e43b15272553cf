import { randomBytes } from 'node:crypto'
import { bitString, explicit, integer, sequence } from '../../../packages/pki/src/der-write.ts'
import { buildName } from '../../../packages/pki/src/name-build.ts'
import { encodeTime } from '../../../packages/pki/src/time.ts'
import * as ext from './extensions.ts'
import { type KeyKind, keyOf, type Signing, signerOf, type TestKey } from './test-key.ts'

/** A certificate made for a case, right or broken, with what is needed to issue below it. */
export interface Party {
  readonly der: Uint8Array
  readonly key: TestKey
  /** DER name. */
  readonly subject: Uint8Array
  readonly issuer: Uint8Array
  /** DER integer. */
  readonly serial: Uint8Array
  /** What certificates below name as authorityKeyIdentifier; `null` without a key identifier. */
  readonly keyId: Uint8Array | null
}

/** One certificate: everything that is left out is right. */
export interface Order {
  /** Common name, a whole DER name, or `null` for the empty name. */
  readonly name?: string | Uint8Array | null
  readonly key?: KeyKind | TestKey
  /** Issuer; without one the certificate is self-signed. */
  readonly by?: Party
  /** Signs in place of the issuer's key. */
  readonly signedBy?: TestKey
  readonly signing?: Signing
  readonly serial?: Uint8Array
  readonly version?: 1 | 2 | 3
  readonly from?: Date | Uint8Array
  readonly until?: Date | Uint8Array
  /** Named extensions replace the usual one of that kind, `null` leaves it out. */
  readonly basic?: Uint8Array | null
  readonly usage?: Uint8Array | null
  readonly purposes?: Uint8Array | null
  readonly keyId?: Uint8Array | null
  readonly authorityKeyId?: Uint8Array | null
  /** Further extensions, as they are. */
  readonly more?: readonly Uint8Array[]
  /** Changes the finished fields of the signed part. */
  readonly fields?: (fields: Uint8Array[]) => Uint8Array[]
  /** Changes the finished certificate. */
  readonly bytes?: (der: Uint8Array) => Uint8Array
  /** Algorithm named outside the signed part, where it shall differ. */
  readonly outerAlgorithm?: Uint8Array
}

const dayMs = 86_400_000
/** The moment of all cases: the one at which the real judges run, in whole seconds. */
export const now = new Date(Math.floor(Date.now() / 1000) * 1000)
/** A moment that many days (or a fraction) from `now`. */
export const days = (count: number) => new Date(now.getTime() + Math.round(count * dayMs))
/** A moment that many seconds from `now`. */
export const seconds = (count: number) => new Date(now.getTime() + count * 1000)

/** A root or an intermediate that keeps every rule, with the changes of `order`. */
export function authority(order: Order = {}): Party {
  return mint({
    name: 'Root',
    basic: ext.basicConstraints(true),
    usage: ext.keyUsage('keyCertSign', 'cRLSign'),
    purposes: null,
    from: days(-100),
    until: days(1000),
    ...order,
  })
}

/** A client certificate that keeps every rule, with the changes of `order`. */
export function client(order: Order = {}): Party {
  return mint({
    name: 'client',
    basic: ext.basicConstraints(false),
    usage: ext.keyUsage('digitalSignature'),
    purposes: ext.extendedKeyUsage('clientAuth'),
    from: days(-10),
    until: days(300),
    ...order,
  })
}

function mint(order: Order): Party {
  const key = typeof order.key === 'object' ? order.key : keyOf(order.key)
  const signer = signerOf(order.signedBy ?? order.by?.key ?? key, order.signing)
  const subject = nameOf(order.name)
  const issuer = order.by?.subject ?? subject
  const serial = order.serial ?? integer(BigInt(`0x5${randomBytes(15).toString('hex')}`))
  const keyId = order.keyId === undefined ? ext.subjectKeyId(key.id) : order.keyId
  const fields = [
    ...((order.version ?? 3) === 1 ? [] : [explicit(0, integer((order.version ?? 3) - 1))]),
    serial,
    signer.identifier,
    issuer,
    sequence(timeOf(order.from), timeOf(order.until)),
    subject,
    key.spki,
    ...extensionsOf(order, keyId),
  ]
  const tbs = sequence(...(order.fields?.(fields) ?? fields))
  const signature = bitString(signer.sign(tbs))
  const der = sequence(tbs, order.outerAlgorithm ?? signer.identifier, signature)
  return {
    der: order.bytes?.(der) ?? der,
    key,
    subject,
    issuer,
    serial,
    keyId: order.keyId === null ? null : key.id,
  }
}

function extensionsOf(order: Order, keyId: Uint8Array | null): Uint8Array[] {
  const authorityKeyId =
    order.authorityKeyId === undefined && order.by?.keyId
      ? ext.authorityKeyId({ keyId: order.by.keyId })
      : order.authorityKeyId
  const list = [
    ...[order.basic, order.usage, order.purposes, keyId, authorityKeyId],
    ...(order.more ?? []),
  ].filter((extension) => extension !== null && extension !== undefined)
  return (order.version ?? 3) === 1 || list.length === 0 ? [] : [explicit(3, sequence(...list))]
}

/** DER name with a country, an organisation and this common name. */
export function nameOf(name: Order['name'] = 'unnamed'): Uint8Array {
  if (name === null) return sequence()
  if (typeof name !== 'string') return name
  return buildName([
    { type: 'C', value: 'DE' },
    { type: 'O', value: 'Example' },
    { type: 'CN', value: name },
  ]).raw
}

function timeOf(time: Date | Uint8Array | undefined): Uint8Array {
  if (time === undefined) throw new TypeError('a certificate needs its times')
  return time instanceof Date ? encodeTime(time) : time
}
