import { isIPv4, isIPv6 } from 'node:net'
import { PkiError } from './errors.ts'

/** Short text of 4 or 16 octets (RFC 5952 for the latter); throws `pki/malformed-der` otherwise. */
export function formatIp(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) {
    throw new PkiError('pki/malformed-der', `an IP address of ${octets.length} octets`)
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  )
  const zeros = longestZeros(groups)
  if (zeros.length < 2) return groups.join(':')
  const head = groups.slice(0, zeros.start).join(':')
  return `${head}::${groups.slice(zeros.start + zeros.length).join(':')}`
}

/** Octets of an address in text, or `null` when it is none. Zone identifiers are none. */
export function parseIp(text: string): Uint8Array | null {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number))
  if (!isIPv6(text) || text.includes('%')) return null
  const last = text.slice(text.lastIndexOf(':') + 1)
  const hexOnly = isIPv4(last) ? `${text.slice(0, -last.length)}${groupsOfIpv4(last)}` : text
  const [head = '', tail] = hexOnly.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = new Array<string>(8 - left.length - right.length).fill('0')
  return Uint8Array.from(
    [...left, ...middle, ...right].flatMap((group) => {
      const number = Number.parseInt(group, 16)
      return [number >> 8, number & 0xff]
    }),
  )
}

function groupsOfIpv4(text: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== '0') start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}
