import { describe, expect, test } from 'vitest'
import { formatSerial, newSerial, parseSerial } from './serial.ts'

test('a new serial has 16 octets, is positive and its first octet is not zero', () => {
  const serials = Array.from({ length: 500 }, newSerial)
  for (const serial of serials) expect(serial).toMatch(/^(?!00)[0-7][0-9a-f]{31}$/)
  expect(new Set(serials).size).toBe(serials.length)
})

describe('spellings of one number', () => {
  test.each(['012345', '12345', '01:23:45', '0x12345', '00012345', ' 012345 '])('%j', (text) => {
    expect(parseSerial(text)).toBe(0x12345n)
  })

  test.each(['', 'xyz', '-1', '12 34', '1'.repeat(65)])('%j is none', (text) => {
    expect(() => parseSerial(text)).toThrow(
      expect.objectContaining({ code: 'pki/malformed-serial' }),
    )
  })
})

test.each([
  [0n, '0'],
  [1n, '01'],
  [0x12345n, '012345'],
  [0xff00n, 'ff00'],
  [-1n, '-01'],
])('%s is printed as %s', (serial, text) => {
  expect(formatSerial(serial)).toBe(text)
})
