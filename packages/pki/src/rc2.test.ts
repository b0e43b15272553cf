import { describe, expect, test } from 'vitest'
import { decryptRc2Cbc } from './rc2.ts'

// RFC 2268 section 5: key, effective bits, plain text, cipher text.
const vectors: [string, number, string, string][] = [
  ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
  ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
  ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
  ['88', 64, '0000000000000000', '61a8a244adacccf0'],
  ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
  ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
  ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  [
    '88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e',
    129,
    '0000000000000000',
    '5b78d3a43dfff1f1',
  ],
]

describe('RC2 decryption', () => {
  test.each(vectors)(
    'gives the plain text of RFC 2268 for key %s with %i bits',
    (key, bits, plain, cipher) => {
      const decrypted = decryptRc2Cbc(bytes(key), bits, new Uint8Array(8), bytes(cipher))
      expect(Buffer.from(decrypted).toString('hex')).toBe(plain)
    },
  )

  test('chains blocks: each is combined with the cipher text before it', () => {
    const [key, bits, , cipher] = vectors[6] ?? ['', 0, '', '']
    const iv = bytes('0102030405060708')
    const twice = decryptRc2Cbc(bytes(key), bits, iv, bytes(cipher + cipher))
    expect(Buffer.from(twice).toString('hex')).toBe(`0102030405060708${cipher}`)
  })

  test('half a block is a bug of the caller', () => {
    expect(() => decryptRc2Cbc(bytes('88'), 64, new Uint8Array(8), new Uint8Array(7))).toThrow(
      TypeError,
    )
  })
})

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}
