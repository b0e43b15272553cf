import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PkiError } from './errors.ts'
import { decodeOid, encodeOid } from './oid.ts'

/** Arcs around the sizes at which encodings grow, and where numbers stop being exact. */
const arc = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 0n, max: 1n << 50n }),
  fc.bigInt({ min: (1n << 49n) - 130n, max: (1n << 49n) + 130n }),
  fc.bigInt({ min: 0n, max: 1n << 80n }),
)
const oid = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n }), arc, fc.array(arc, { maxLength: 5 }))
  .map(([first, second, rest]) => [first, first < 2n ? second % 40n : second, ...rest])

/** X.690 section 8.19, in the plainest way. */
function octetsOf([first = 0n, second = 0n, ...rest]: readonly bigint[]): number[] {
  return [first * 40n + second, ...rest].flatMap((value) => {
    const digits = value.toString(2)
    const groups = digits.padStart(Math.ceil(digits.length / 7) * 7, '0').match(/.{7}/g) ?? []
    return groups.map((group, index) => {
      return Number.parseInt(group, 2) | (index < groups.length - 1 ? 0x80 : 0)
    })
  })
}

test('an object identifier is written as X.690 says, and read again as it was', () => {
  fc.assert(
    fc.property(oid, (arcs) => {
      const octets = Uint8Array.from(octetsOf(arcs))
      fc.pre(octets.length <= 64)
      expect(encodeOid(arcs.join('.'))).toEqual(octets)
      expect(decodeOid(octets)).toBe(arcs.join('.'))
    }),
    { numRuns: 1_000 },
  )
})

test('octets are an object identifier in one spelling only, or none', () => {
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x7f, 0x80, 0x81, 0xff))
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 70 }), (octets) => {
      try {
        expect([...encodeOid(decodeOid(Uint8Array.from(octets)))]).toEqual(octets)
      } catch (error) {
        if (!(error instanceof PkiError)) throw error
        expect(error.code).toBe('pki/malformed-der')
      }
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  ['55 04 03', '2.5.4.3'],
  ['2a 86 48 86 f7 0d 01 09 01', '1.2.840.113549.1.9.1'],
  ['88 37 03', '2.999.3'],
])('%s is %s', (hex, text) => {
  const octets = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  expect(decodeOid(octets)).toBe(text)
  expect(encodeOid(text)).toEqual(octets)
})
