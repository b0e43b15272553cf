import { randomBytes } from 'node:crypto'
import { PkiError } from './errors.ts'

/** Octets of a serial number that RFC 5280 section 4.1.2.2 allows. */
export const serialOctetsMax = 20

/**
 * A new serial: 16 random octets, top bit clear and first octet not zero, so it is positive, has
 * one length, and more than 64 bits nobody can guess (pki.md section 3). Lower-case hex.
 */
export function newSerial(): string {
  const bytes = randomBytes(16)
  // Seven free bits, zero excluded; a second draw keeps the distribution even.
  while (((bytes[0] ?? 0) & 0x7f) === 0) bytes.set(randomBytes(1))
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  return bytes.toString('hex')
}

/**
 * Number behind a serial in any of its spellings: upper or lower case, colons, leading zeros, `0x`
 * (pki.md section 11, trap 14). Compare these, never the text. Throws `pki/malformed-serial`.
 */
export function parseSerial(text: string): bigint {
  const hex = text.trim().replace(/^0x/i, '').replaceAll(':', '')
  if (!/^[0-9A-Fa-f]{1,64}$/.test(hex)) {
    throw new PkiError(
      'pki/malformed-serial',
      `"${text.slice(0, 80)}" is not a serial number in hex`,
    )
  }
  return BigInt(`0x${hex}`)
}

/** Lower-case hex of whole octets, zero as `0`: the text of Envoy's header values. */
export function formatSerial(serial: bigint): string {
  if (serial === 0n) return '0'
  const hex = (serial < 0n ? -serial : serial).toString(16)
  return `${serial < 0n ? '-' : ''}${hex.length % 2 === 0 ? '' : '0'}${hex}`
}
