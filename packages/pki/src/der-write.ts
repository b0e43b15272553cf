import { encodeDer } from './der.ts'
import { encodeOid } from './oid.ts'

/** SEQUENCE of the given encodings, in this order. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encodeDer(0x30, ...parts)
}

/** SET OF the given encodings, sorted as DER demands (X.690 section 11.6). */
export function setOf(parts: readonly Uint8Array[]): Uint8Array {
  return encodeDer(0x31, ...parts.toSorted(Buffer.compare))
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(text: string): Uint8Array {
  return encodeDer(0x06, encodeOid(text))
}

/** INTEGER, two's complement, minimal. */
export function integer(value: bigint | number): Uint8Array {
  const big = BigInt(value)
  let size = 1
  while (big < -(1n << BigInt(size * 8 - 1)) || big >= 1n << BigInt(size * 8 - 1)) size += 1
  const hex = BigInt.asUintN(size * 8, big)
    .toString(16)
    .padStart(size * 2, '0')
  return encodeDer(0x02, Buffer.from(hex, 'hex'))
}

/** BIT STRING whose bits all count: a key or a signature. */
export function bitString(bytes: Uint8Array): Uint8Array {
  return encodeDer(0x03, Uint8Array.of(0), bytes)
}

/** BIT STRING of named bits, without trailing zero bits (X.690 section 11.2.2). */
export function namedBits(bits: readonly number[]): Uint8Array {
  if (bits.length === 0) return encodeDer(0x03, Uint8Array.of(0))
  const highest = Math.max(...bits)
  const bytes = new Uint8Array((highest >> 3) + 1)
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return encodeDer(0x03, Uint8Array.of(7 - (highest & 7)), bytes)
}

/** Encoding inside an explicit context tag `[number]`. */
export function explicit(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return encodeDer(0xa0 | number, ...parts)
}
