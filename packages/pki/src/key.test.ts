import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { readDer } from './der.ts'
import { createKeyPool, generateKeyPair, type KeyPool } from './key.ts'
import { describeKey, keyWeakness, publicKeyFacts, spkiOf } from './key-description.ts'

test.each([
  ['rsa2048', 'RSA 2048'],
  ['rsa3072', 'RSA 3072'],
  ['ec-p256', 'EC P-256'],
  ['ec-p384', 'EC P-384'],
  ['ed25519', 'Ed25519'],
] as const)('%s makes a pair described as %s', async (type, description) => {
  const { privateKey, publicKey } = await generateKeyPair(type)
  expect(describeKey(privateKey)).toBe(description)
  expect(describeKey(publicKey)).toBe(description)
  expect(spkiOf(privateKey)).toEqual(spkiOf(publicKey))
})

describe('keys that are not certified (pki.md section 3)', () => {
  const weaknessOf = (key: Parameters<typeof spkiOf>[0]) =>
    keyWeakness(publicKeyFacts(readDer(spkiOf(key))))

  test.each([
    ['RSA 1024', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['RSA 2044', generateKeyPairSync('rsa', { modulusLength: 2044 })],
    ['exponent 3', generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['Ed448', generateKeyPairSync('ed448')],
    ['X25519', generateKeyPairSync('x25519')],
  ])('%s', (_, { publicKey }) => {
    expect(weaknessOf(publicKey)).not.toBeNull()
  })

  test('P-521 is accepted', () => {
    expect(weaknessOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey)).toBeNull()
  })
})

describe('the pool', () => {
  let pool: KeyPool | undefined

  afterEach(() => pool?.stop())

  test('hands out each key once, also more than it holds', async () => {
    pool = createKeyPool({ type: 'ec-p256', size: 2 })
    const held = pool
    const pairs = await Promise.all(Array.from({ length: 6 }, () => held.take('ec-p256')))
    const keys = pairs.map(({ publicKey }) => Buffer.from(spkiOf(publicKey)).toString('hex'))
    expect(new Set(keys).size).toBe(6)
  })

  test('makes other types when asked', async () => {
    pool = createKeyPool({ type: 'ec-p256', size: 1 })
    expect(describeKey((await pool.take('ed25519')).publicKey)).toBe('Ed25519')
  })

  test('refuses after it was stopped', async () => {
    pool = createKeyPool({ type: 'ec-p256', size: 1 })
    pool.stop()
    await expect(pool.take('ec-p256')).rejects.toMatchObject({ code: 'pki/stopped' })
  })
})
