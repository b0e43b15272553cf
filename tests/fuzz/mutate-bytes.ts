import type { Random } from './random.ts'

/** A change of some bytes; `other` is another input of the same corpus. */
export type ByteMutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

/** Octets that parsers stumble over: ends of ranges, marks of lengths, separators of text. */
const telling = [0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x2f, 0x30, 0x5c, 0x7f, 0x80, 0x81, 0x84, 0xfe, 0xff]

/** Changes that know nothing of what the bytes mean. */
export const byteMutations: readonly ByteMutation[] = [
  function flipBit(bytes, random) {
    return put(bytes, random.below(bytes.length), (byte) => byte ^ (1 << random.below(8)))
  },
  function setByte(bytes, random) {
    return put(bytes, random.below(bytes.length), () => random.below(256))
  },
  function setTelling(bytes, random) {
    return put(bytes, random.below(bytes.length), () => random.pick(telling))
  },
  function nudge(bytes, random) {
    return put(bytes, random.below(bytes.length), (byte) => byte + (random.oneIn(2) ? 1 : -1))
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1)
    const added = Buffer.from(Array.from({ length: 1 + random.below(4) }, () => random.below(256)))
    return join(bytes.subarray(0, at), added, bytes.subarray(at))
  },
  function remove(bytes, random) {
    const [from, to] = range(bytes, random)
    return join(bytes.subarray(0, from), bytes.subarray(to))
  },
  function duplicate(bytes, random) {
    const [from, to] = range(bytes, random)
    return join(bytes.subarray(0, to), bytes.subarray(from))
  },
  function repeat(bytes, random) {
    const [from, to] = range(bytes, random)
    const part = bytes.subarray(from, Math.min(to, from + 64))
    const copies = Array.from({ length: random.below(64) }, () => part)
    return join(bytes.subarray(0, to), ...copies, bytes.subarray(to))
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1))
  },
  function splice(bytes, random, other) {
    const from = random.below(other.length + 1)
    return join(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(from))
  },
  function borrow(bytes, random, other) {
    const at = random.below(bytes.length + 1)
    const [from, to] = range(other, random)
    return join(bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at))
  },
]

/** A stretch of the bytes, more often short than long. */
function range(bytes: Uint8Array, random: Random): readonly [number, number] {
  const from = random.below(bytes.length + 1)
  const longest = random.oneIn(3) ? bytes.length : 16
  return [from, Math.min(bytes.length, from + 1 + random.below(longest))]
}

function put(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (at < copy.length) copy[at] = change(copy[at] ?? 0)
  return copy
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}
