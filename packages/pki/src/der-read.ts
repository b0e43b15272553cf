import type { DerNode } from './der.ts'
import { PkiError } from './errors.ts'
import { decodeOid } from './oid.ts'

/** A tag and what stands behind it: all that a primitive value is read from. */
type Value = Pick<DerNode, 'tag' | 'content'>

/** The node at `index` of a constructed node, with that tag when one is named. */
export function childOf(parent: DerNode, index: number, tag?: number): DerNode {
  const child = parent.children[index]
  if (child === undefined || (tag !== undefined && child.tag !== tag)) {
    throw malformed(
      `element ${index + 1} is ${child === undefined ? 'missing' : 'of another type'}`,
    )
  }
  return child
}

/** The part of a constructed node that may have one only, such as an explicit tag. */
export function onlyChildOf(parent: DerNode, tag?: number): DerNode {
  if (parent.children.length !== 1) throw malformed('one element was expected')
  return childOf(parent, 0, tag)
}

/** Dotted text of an OBJECT IDENTIFIER node. */
export function readOid(node: DerNode): string {
  assertTag(node, 0x06, 'an object identifier')
  return decodeOid(node.content)
}

/** Value of an INTEGER node: minimal, and at most 8 KiB as no key is larger. */
export function readInteger(node: Value): bigint {
  assertTag(node, 0x02, 'an integer')
  const { content } = node
  const [first, second] = content
  if (first === undefined || content.length > 8192) throw malformed('an integer of unusable size')
  const padded = second !== undefined && (second & 0x80) === (first === 0 ? 0 : 0x80)
  if (padded && (first === 0 || first === 0xff)) throw malformed('an integer is padded')
  const magnitude = BigInt(`0x${Buffer.from(content).toString('hex')}`)
  return first < 0x80 ? magnitude : magnitude - (1n << BigInt(content.length * 8))
}

/** Value of a BOOLEAN node; DER knows 0x00 and 0xff only. */
export function readBoolean(node: DerNode): boolean {
  assertTag(node, 0x01, 'a boolean')
  const [value] = node.content
  if (node.content.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw malformed('a boolean is neither 00 nor ff')
  }
  return value === 0xff
}

/** Octets of a BIT STRING node and how many bits of the last octet are not used. */
export function readBitString(node: Value): { bytes: Uint8Array; unusedBits: number } {
  assertTag(node, 0x03, 'a bit string')
  const [unusedBits] = node.content
  const bytes = node.content.subarray(1)
  if (unusedBits === undefined || unusedBits > 7 || (bytes.length === 0 && unusedBits > 0)) {
    throw malformed('a bit string without its count of unused bits')
  }
  const last = bytes.at(-1) ?? 0
  if ((last & ((1 << unusedBits) - 1)) !== 0) throw malformed('unused bits are set in a bit string')
  return { bytes, unusedBits }
}

/**
 * Octets of an OCTET STRING, joined when BER cut it in pieces. `primitiveTag` names an implicit
 * tag, such as 0x80 for `[0] IMPLICIT OCTET STRING`.
 */
export function readOctets(node: DerNode, primitiveTag = 0x04): Uint8Array {
  if (node.tag === primitiveTag) return node.content
  if (node.tag !== (primitiveTag | 0x20)) throw malformed('an octet string was expected')
  return Buffer.concat(node.children.map((child) => readOctets(child)))
}

/**
 * Refuses a value of one of the universal types that cannot be one, where nothing reads the value: X.690
 * forbids it, and OpenSSL refuses the structure it stands in.
 */
export function assertSoundPrimitive(node: DerNode): void {
  const { length } = node.content
  if (node.tag === 0x01) readBoolean(node)
  // X.690 section 8.4: an enumeration is written like a number.
  if (node.tag === 0x02 || node.tag === 0x0a) readInteger({ tag: 0x02, content: node.content })
  if (node.tag === 0x03) readBitString(node)
  if (node.tag === 0x05 && length > 0) throw malformed('a null that holds something')
  if (node.tag === 0x06) readOid(node)
  if (node.tag === 0x17 && length < 13) throw malformed('a time is too short')
  if (node.tag === 0x18 && length < 15) throw malformed('a time is too short')
  if (node.tag === 0x1c && length % 4 !== 0) throw malformed('a wide string ends too early')
  if (node.tag === 0x1e && length % 2 !== 0) throw malformed('a wide string ends too early')
}

function assertTag(node: Value, tag: number, what: string): void {
  if (node.tag !== tag) throw malformed(`${what} was expected`)
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-der', `not a usable DER structure: ${what}`)
}
