import { attributeOid, attributeOidOf } from './attribute-types.ts'
import { encodeDer, readDer } from './der.ts'
import { oid as oidDer, sequence, setOf } from './der-write.ts'
import { PkiError } from './errors.ts'
import { type Name, nameFromNode } from './name.ts'
import { isOid } from './oid.ts'

/** An attribute as a profile writes it: short name, alias or dotted number, and the plain value. */
export interface AttributeText {
  readonly type: string
  readonly value: string
}

/** An attribute type with the encoding of its value. */
export interface EncodedAttribute {
  readonly oid: string
  readonly der: Uint8Array
}

// Upper bounds in characters, RFC 5280 appendix A.1.
const lengthMax = new Map<string, number>([
  ['2.5.4.3', 64],
  ['2.5.4.10', 64],
  ['2.5.4.11', 64],
  ['2.5.4.5', 64],
  ['2.5.4.12', 64],
  ['2.5.4.7', 128],
  ['2.5.4.8', 128],
  ['1.2.840.113549.1.9.1', 255],
])

/** For attributes without a bound of their own: no reader expects more. */
const otherLengthMax = 255

// Control characters, the bidirectional overrides and isolates, and lone surrogates.
const forbidden = /[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u
const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/

/**
 * Makes a name from plain values in certificate order (`C` first); an inner list is one relative
 * name of several attributes. String types and upper bounds are those of pki.md section 2.5;
 * throws `pki/name-forbidden` where a value breaks them: nothing is cut.
 *
 * ```ts
 * buildName([{ type: 'C', value: 'DE' }, { type: 'CN', value: 'poster (P000000)' }])
 * ```
 */
export function buildName(rdns: readonly (AttributeText | readonly AttributeText[])[]): Name {
  return nameFromValues(
    rdns.map((rdn) =>
      ('type' in rdn ? [rdn] : rdn).map(({ type, value }) => {
        const oid = attributeTypeOid(type)
        assertAllowed(oid, type, value)
        return { oid, der: encodeAttributeValue(oid, value) }
      }),
    ),
  )
}

/** Assembles a name from encoded values; a relative name is sorted as DER wants its sets. */
export function nameFromValues(rdns: readonly (readonly EncodedAttribute[])[]): Name {
  const sets = rdns.map((rdn) => setOf(rdn.map(({ oid, der }) => sequence(oidDer(oid), der))))
  return nameFromNode(readDer(sequence(...sets)))
}

/** Object identifier of `CN`, `OID.2.5.4.3`, `2.5.4.3` or an alias; throws `pki/malformed-name`. */
export function attributeTypeOid(type: string): string {
  const dotted = type.replace(/^oid\./i, '')
  const oid = isOid(dotted) ? dotted : attributeOidOf(type)
  if (oid === undefined) {
    throw new PkiError('pki/malformed-name', `unknown attribute type "${type.slice(0, 80)}"`)
  }
  return oid
}

/** DER of a value in the string type its attribute takes (pki.md section 2.5); no other check. */
export function encodeAttributeValue(oid: string, value: string): Uint8Array {
  const wantsPrintable = oid === attributeOid.country || oid === attributeOid.serialNumber
  if (wantsPrintable && printable.test(value)) return encodeDer(0x13, Buffer.from(value, 'latin1'))
  const wantsIa5 = oid === attributeOid.domainComponent || oid === attributeOid.emailAddress
  if (wantsIa5 && isAscii(value)) return encodeDer(0x16, Buffer.from(value, 'latin1'))
  return encodeDer(0x0c, Buffer.from(value, 'utf8'))
}

function assertAllowed(oid: string, type: string, value: string): void {
  const length = [...value].length
  const max = lengthMax.get(oid) ?? otherLengthMax
  if (length === 0) throw refused(type, 'is empty')
  if (length > max) throw refused(type, `has ${length} characters, at most ${max} are allowed`)
  if (forbidden.test(value)) throw refused(type, 'holds a control or direction character')
  if (oid === attributeOid.country && !/^[A-Za-z]{2}$/.test(value)) {
    throw refused(type, 'must be a country code of two letters')
  }
  if (oid === attributeOid.serialNumber && !printable.test(value)) {
    throw refused(type, 'holds a character that a PrintableString cannot hold')
  }
  const wantsIa5 = oid === attributeOid.domainComponent || oid === attributeOid.emailAddress
  if (wantsIa5 && !isAscii(value)) throw refused(type, 'must be ASCII')
}

function isAscii(value: string): boolean {
  return Buffer.byteLength(value, 'utf8') === value.length
}

function refused(type: string, what: string): PkiError {
  return new PkiError('pki/name-forbidden', `name attribute ${type} ${what}`)
}
