import { describe, expect, test } from 'vitest'
import { cpuTurn } from './cpu-turn.ts'
import { bmpPassword, derivePkcs12, type KdfPurpose } from './pkcs12-kdf.ts'

// Known answers that several implementations share (first published with OpenSSL's own tests).
const vectors: [string, string, number, KdfPurpose, number, string][] = [
  ['smeg', '0a58cf64530d823f', 1, 'key', 24, '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'],
  ['smeg', '0a58cf64530d823f', 1, 'iv', 8, '79993dfe048d3b76'],
  ['smeg', '3d83c0e4546ac140', 1, 'mac', 20, '8d967d88f6caa9d714800ab3d48051d63f73a312'],
  [
    'queeg',
    '05dec959acff72f7',
    1000,
    'key',
    24,
    'ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4',
  ],
  ['queeg', '05dec959acff72f7', 1000, 'iv', 8, '11dedad7758d4860'],
  ['queeg', '263216fcc2fab31c', 1000, 'mac', 20, '5ec4c7a80df652294c3925b6489a7ab857c83476'],
]

describe('key derivation of PKCS#12', () => {
  test.each(vectors)('password %s, salt %s, %i rounds, for %s of %i bytes', async (...vector) => {
    const [password, salt, iterations, purpose, length, expected] = vector
    const derived = await derivePkcs12(
      {
        hash: 'sha1',
        password: bmpPassword(password),
        salt: Buffer.from(salt, 'hex'),
        iterations,
      },
      purpose,
      length,
    )
    expect(Buffer.from(derived).toString('hex')).toBe(expected)
  })

  test('a long derivation lets the event loop turn many times', async () => {
    let turns = 0
    let running = true
    const count = () => {
      turns++
      if (running) setImmediate(count)
    }
    setImmediate(count)
    const input = {
      hash: 'sha256' as const,
      password: bmpPassword('secret'),
      salt: Buffer.alloc(8),
      iterations: 100_000,
    }
    await derivePkcs12(input, 'mac', 32)
    running = false
    expect(turns).toBeGreaterThanOrEqual(20)
  })

  test('several derivations at once share turns instead of adding up', async () => {
    const order: string[] = []
    const take = async (name: string) => {
      for (let slice = 0; slice < 3; slice++) {
        await cpuTurn()
        order.push(name)
      }
    }
    const between: number[] = []
    let running = true
    const observe = () => {
      between.push(order.length)
      if (running) setImmediate(observe)
    }
    setImmediate(observe)
    await Promise.all([take('a'), take('b'), take('c')])
    running = false
    const steps = between.map((count, index) => count - (between[index - 1] ?? 0))
    expect(Math.max(...steps)).toBeLessThanOrEqual(1)
    expect(order.slice(0, 3).toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('a password becomes UTF-16BE with two zero bytes at the end', () => {
    expect(Buffer.from(bmpPassword('Aß')).toString('hex')).toBe('004100df0000')
    expect(Buffer.from(bmpPassword('')).toString('hex')).toBe('0000')
  })
})
