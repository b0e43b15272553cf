import { describe, expect, test } from 'vitest'
import { encodeDer, readDer } from './der.ts'
import { encodeTime, readTime } from './time.ts'
import { addMonths, addYears, validityWindow } from './validity.ts'

const iso = (date: Date) => date.toISOString().replace('.000Z', 'Z')

describe('calendar (pki.md section 11, trap 13)', () => {
  test.each([
    ['2024-02-29T12:00:00Z', 1, '2025-02-28T12:00:00Z'],
    ['2024-02-29T12:00:00Z', 4, '2028-02-29T12:00:00Z'],
    ['2026-11-24T00:00:00Z', 1, '2027-11-24T00:00:00Z'],
    ['2026-11-24T00:00:00Z', 20, '2046-11-24T00:00:00Z'],
  ])('%s and %i years is %s', (from, years, to) => {
    expect(iso(addYears(new Date(from), years))).toBe(to)
  })

  test.each([
    ['2026-01-31T10:00:00Z', 1, '2026-02-28T10:00:00Z'],
    ['2024-01-31T10:00:00Z', 1, '2024-02-29T10:00:00Z'],
    ['2026-03-31T10:00:00Z', 1, '2026-04-30T10:00:00Z'],
    ['2026-12-31T23:59:59Z', 2, '2027-02-28T23:59:59Z'],
    ['2026-11-15T10:00:00Z', 14, '2028-01-15T10:00:00Z'],
  ])('%s and %i months is %s', (from, months, to) => {
    expect(iso(addMonths(new Date(from), months))).toBe(to)
  })
})

describe('window', () => {
  const now = new Date('2026-11-24T10:00:00.789Z')

  test.each([
    [1, 'HOURS', '2026-11-24T10:59:59Z'],
    [1, 'DAYS', '2026-11-25T09:59:59Z'],
    [1, 'MONTHS', '2026-12-24T09:59:59Z'],
    [1, 'YEARS', '2027-11-24T09:59:59Z'],
  ] as const)('%i %s ends one second early, as its last second counts', (value, unit, end) => {
    const { notBefore, notAfter } = validityWindow({ now, length: { value, unit } })
    expect(iso(notAfter)).toBe(end)
    expect(iso(notBefore)).toBe('2026-11-24T09:59:00Z')
  })

  test.each([
    { backdateMs: 3_600_001, length: { value: 1, unit: 'DAYS' } },
    { backdateMs: -1, length: { value: 1, unit: 'DAYS' } },
    { length: { value: 0, unit: 'DAYS' } },
    { length: { value: 1.5, unit: 'DAYS' } },
  ] as const)('%j is refused', (order) => {
    expect(() => validityWindow({ now, ...order })).toThrow(
      expect.objectContaining({ code: 'pki/profile-forbids' }),
    )
  })
})

describe('times in a certificate', () => {
  test.each([
    ['2049-12-31T23:59:59.999Z', 0x17, '491231235959Z'],
    ['2050-01-01T00:00:00.000Z', 0x18, '20500101000000Z'],
    ['1999-01-02T03:04:05.000Z', 0x17, '990102030405Z'],
  ])('%s is %i %s, never with a fraction', (date, tag, text) => {
    const encoded = encodeTime(new Date(date))
    expect(encoded[0]).toBe(tag)
    expect(Buffer.from(encoded.subarray(2)).toString('latin1')).toBe(text)
    expect(readTime(readDer(encoded)).toISOString()).toBe(date.replace('.999', '.000'))
  })

  test.each([
    [0x17, '4912312359Z'],
    [0x17, '491231235959+0100'],
    [0x17, '490230000000Z'],
    [0x17, '491301000000Z'],
    [0x18, '20500101000000.5Z'],
    [0x18, '205001010000Z'],
    [0x16, '491231235959Z'],
  ])('tag %i with %s is refused', (tag, text) => {
    const node = readDer(encodeDer(tag, Buffer.from(text, 'latin1')))
    expect(() => readTime(node)).toThrow(expect.objectContaining({ code: 'pki/malformed-der' }))
  })
})
