import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PkiError } from './errors.ts'
import { decodePem, encodePem } from './pem.ts'

const one = encodePem('CERTIFICATE', Uint8Array.of(1, 2, 3))

test('lines have 64 characters and the last ends with a line end', () => {
  const lines = encodePem('X', new Uint8Array(100)).split('\n')
  expect(lines.map(({ length }) => length)).toEqual([17, 64, 64, 8, 15, 0])
})

test.each([
  ['text before and after', `Bag Attributes\n  x: y\n${one}\ntail`, 1],
  ['two blocks, Windows line ends', (one + one).replaceAll('\n', '\r\n'), 2],
  ['one long line', '-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----', 1],
  ['no block at all', 'hello', 0],
])('%s is read', (_, text, count) => {
  const blocks = decodePem(text)
  expect(blocks).toHaveLength(count)
  for (const { label, der } of blocks) expect([label, ...der]).toEqual(['CERTIFICATE', 1, 2, 3])
})

describe('refused, never left out', () => {
  test.each([
    ['a block without end', '-----BEGIN CERTIFICATE-----\nAQID\n'],
    ['a block that ends as another', one.replace('END CERTIFICATE', 'END X509')],
    ['a block inside a block', `-----BEGIN CERTIFICATE-----\nAQ\n${one}`],
    ['text that is not base64', one.replace('AQID', 'AQ*D')],
    ['base64 cut off', one.replace('AQID', 'AQI')],
    ['an empty block', one.replace('AQID', '')],
    ['an old encrypted key', one.replace('AQID', 'Proc-Type: 4,ENCRYPTED\n\nAQID')],
    ['more text than the limit', 'x'.repeat(3 * 1024 * 1024)],
  ])('%s', (_, text) => {
    expect(() => decodePem(text)).toThrow(expect.objectContaining({ code: 'pki/malformed-pem' }))
  })
})

test('what was written reads back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (der) => {
      const [block] = decodePem(`x\n${encodePem('CERTIFICATE', der)}`)
      expect(Buffer.compare(block?.der ?? new Uint8Array(), der)).toBe(0)
    }),
  )
})

test('any text ends with blocks or a PkiError', () => {
  const piece = fc.constantFrom('-----BEGIN ', '-----END ', 'A-----', '-----', '\n', 'AQID', ' ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        decodePem(pieces.join(''))
      } catch (error) {
        expect(error).toBeInstanceOf(PkiError)
      }
    }),
  )
})
