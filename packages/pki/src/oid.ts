import { PkiError } from './errors.ts'

const oidTextMax = 200
const dotted = /^[0-2](\.(0|[1-9][0-9]*))+$/

/** True for the dotted form of an object identifier that can be encoded (X.660). */
export function isOid(text: string): boolean {
  if (text.length > oidTextMax || !dotted.test(text)) return false
  const [first = '', second = ''] = text.split('.')
  return first === '2' || Number(second) < 40
}

/** Content octets of an OBJECT IDENTIFIER (X.690 section 8.19), without tag and length. */
export function encodeOid(text: string): Uint8Array {
  if (!isOid(text)) throw new PkiError('pki/malformed-der', `not an object identifier: ${text}`)
  const arcs = text.split('.')
  if (arcs.some(({ length }) => length > safeDigits)) {
    const [first = 0n, second = 0n, ...rest] = arcs.map(BigInt)
    return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128Large))
  }
  const [first = 0, second = 0, ...rest] = arcs.map(Number)
  return Uint8Array.from([first * 40 + second, ...rest].flatMap(base128))
}

/** Arcs of so many digits, and 80 more, are exact as numbers; large ones take ten times as long. */
const safeDigits = 15
/** Octets of an arc that is exact as a number: 49 bits. */
const safeOctets = 7

/** Dotted form of the content octets of an OBJECT IDENTIFIER; throws `pki/malformed-der`. */
export function decodeOid(content: Uint8Array): string {
  // An identifier in use has 20 octets at most; the bound keeps big numbers cheap.
  if (content.length > 64) throw malformed('is too long')
  const arcs: number[] = []
  let arc = 0
  let octets = 0
  for (const octet of content) {
    if (octets === 0 && octet === 0x80) throw malformed('is padded')
    octets += 1
    if (octets > safeOctets) return decodeLarge(content)
    arc = arc * 128 + (octet & 0x7f)
    if ((octet & 0x80) !== 0) continue
    arcs.push(arc)
    arc = 0
    octets = 0
  }
  const [head, ...rest] = arcs
  if (octets > 0 || head === undefined) throw malformed('ends too early')
  const first = head < 40 ? 0 : head < 80 ? 1 : 2
  return [first, head - first * 40, ...rest].join('.')
}

function decodeLarge(content: Uint8Array): string {
  const arcs: bigint[] = []
  let arc = 0n
  let begins = true
  for (const octet of content) {
    if (begins && octet === 0x80) throw malformed('is padded')
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    begins = (octet & 0x80) === 0
    if (begins) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const [head, ...rest] = arcs
  if (!begins || head === undefined) throw malformed('ends too early')
  const first = head < 40n ? 0n : head < 80n ? 1n : 2n
  return [first, head - first * 40n, ...rest].join('.')
}

function base128(arc: number): number[] {
  const octets = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest % 128) | 0x80)
  }
  return octets
}

function base128Large(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return octets
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-der', `an object identifier ${what}`)
}
