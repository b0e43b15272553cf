import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packHead, unpackHead } from './packed-head.ts'

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,20}$/)
const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,40}$/)

test('a head is read back as it was packed', () => {
  fc.assert(
    fc.property(token, value, value, fc.array(fc.tuple(token, value)), (...parts) => {
      const [method, target, authority, headers] = parts
      const head = { method, target, authority, headers }
      const packed = packHead(head)
      expect(packed === null ? null : unpackHead(packed)).toEqual(head)
    }),
  )
})

test('a head of more than 12 KiB is not packed', () => {
  const head = (length: number) => ({
    ...{ method: 'GET', target: '/', authority: 'a' },
    headers: [['b', 'x'.repeat(length)]] as const,
  })
  expect(packHead(head(12_000))).toContain('GET\n/\na\nb\nxxx')
  expect(packHead(head(12_288))).toBeNull()
})
