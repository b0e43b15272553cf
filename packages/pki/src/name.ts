import { decodeString, isTextTag, type StringTag, stringTagOf } from './asn1-string.ts'
import { type DerNode, readDer } from './der.ts'
import { childOf, readBitString, readOid } from './der-read.ts'
import { PkiError } from './errors.ts'

/** One attribute of a name: its type, its text, and the value's exact encoding. */
export interface Attribute {
  readonly oid: string
  /** Text of a character string; `#` and upper-case hex of the DER for anything else. */
  readonly value: string
  readonly tag: StringTag
  /** DER of the value, tag and length included. */
  readonly der: Uint8Array
}

/**
 * A distinguished name: its exact bytes, and what they say. The bytes are the only form to sign
 * with, hash or copy; a name rebuilt from text is not the same bytes (pki.md sections 2.1, 11).
 */
export interface Name {
  readonly raw: Uint8Array
  /** In the order of the certificate; an inner list is one relative name, usually of one attribute. */
  readonly rdns: readonly (readonly Attribute[])[]
}

/** Bounds of a name; comparing two of them costs the square of the count. */
export const nameLimits = {
  /** Relative names: directories use ten. */
  rdnsMax: 64,
  /** Attributes of one relative name. */
  attributesMax: 64,
  /** Characters of the text of a name; the longest value RFC 5280 allows has 255. */
  textMax: 16_384,
} as const

/** Reads a DER Name; throws `pki/malformed-der` or, for text that is none, `pki/malformed-name`. */
export function parseNameDer(der: Uint8Array): Name {
  return nameFromNode(readDer(Uint8Array.from(der)))
}

/** The same for a part of a structure that has been read already; keeps a view of its bytes. */
export function nameFromNode(node: DerNode): Name {
  if (node.tag !== 0x30) throw malformed('it is not a sequence')
  if (node.children.length > nameLimits.rdnsMax) throw malformed('too many relative names')
  const rdns = node.children.map((rdn) => {
    if (rdn.tag !== 0x31 || rdn.children.length === 0) throw malformed('an empty or wrong set')
    if (rdn.children.length > nameLimits.attributesMax) throw malformed('too many attributes')
    return rdn.children.map(attributeFromNode)
  })
  return { raw: node.raw, rdns }
}

/** The value of one attribute as the text rules of gateway.md section 8.1 see it. */
export function attributeFromValue(oid: string, value: DerNode): Attribute {
  const tag = stringTagOf(value.tag)
  const text = isTextTag(value.tag)
    ? decodeString(value.tag, value.content)
    : `#${Buffer.from(value.raw).toString('hex').toUpperCase()}`
  return { oid, value: text, tag, der: value.raw }
}

/**
 * True when a value holds a C0 control character or DEL, with which log lines and headers can be
 * forged: the gateway refuses such a client (gateway.md section 7.2).
 */
export function hasControlCharacters(name: Name): boolean {
  return name.rdns.some((rdn) => rdn.some(({ value }) => /[^ -~\u0080-\uffff]/.test(value)))
}

/** String types of X.520, and what else OpenSSL reads in a name. */
const valueTags = new Set([0x03, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x1c, 0x1e, 0x30])

/**
 * Refuses a name with a value of a type that no attribute has, as OpenSSL does with the certificate it
 * stands in; typed names may hold any, to be compared with nothing.
 */
export function assertValueTypes(name: Name): void {
  for (const { der } of name.rdns.flat()) {
    if (!valueTags.has(der[0] ?? 0)) throw malformed('a value of a type that names do not have')
    if (der[0] === 0x03) readBitString(readDer(der))
  }
}

function attributeFromNode(node: DerNode): Attribute {
  if (node.tag !== 0x30 || node.children.length !== 2) throw malformed('an attribute without value')
  return attributeFromValue(readOid(childOf(node, 0)), childOf(node, 1))
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-name', `not a usable name: ${what}`)
}
