import { createTestAuthority } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { generateKeyPair, type KeyType } from './key.ts'
import { selectEntry } from './keystore-entry.ts'
import { inspectPkcs12 } from './pkcs12-inspect.ts'
import { readPkcs12 } from './pkcs12-read.ts'
import { type Pkcs12Order, writePkcs12 } from './pkcs12-write.ts'

const password = 'correct horse battery'
const now = new Date('2030-01-01T00:00:00Z')

describe('writing PKCS#12', () => {
  let order: Pkcs12Order

  beforeAll(async () => {
    const authority = await createTestAuthority({ now, name: 'Keystore' })
    const leaf = await authority.issue({ subject: 'CN=client,O=Twinlatch,C=DE' })
    order = {
      privateKey: leaf.privateKey,
      chain: [...leaf.chain, authority.root],
      password,
      friendlyName: 'client',
      flavour: 'modern',
      iterations: 2048,
    }
  })

  test.each([
    ['modern', 'rsa2048'],
    ['modern', 'ec-p256'],
    ['modern', 'ed25519'],
    ['compat', 'rsa2048'],
    ['compat', 'ec-p384'],
  ] as const)('a %s file with a key of type %s reads back', async (flavour, keyType: KeyType) => {
    const authority = await createTestAuthority({ now, name: 'Keystore', keyType: 'ec-p256' })
    const leaf = await authority.issue({ subject: 'CN=client', keyType })
    const chain = [...leaf.chain, authority.root]
    const file = await writePkcs12({ ...order, privateKey: leaf.privateKey, chain, flavour })
    const entry = selectEntry(await readPkcs12(file, password))
    expect(entry.privateKey.equals(leaf.privateKey)).toBe(true)
    expect(entry.chain.map(({ sha256 }) => sha256)).toEqual(chain.map(({ sha256 }) => sha256))
    expect(entry.alias).toBe('client')
  })

  test('certificates lie encrypted in the first part, the key shrouded in the second', async () => {
    const structure = inspectPkcs12(await writePkcs12(order))
    const encryption = { name: 'AES-256-CBC', iterations: 2048, legacy: false }
    expect(structure).toEqual({
      mac: { name: 'SHA-256', iterations: 2048, legacy: false },
      parts: [
        { encryption, bags: null },
        {
          encryption: null,
          bags: [{ kind: 'shrouded-key', friendlyName: 'client', encryption, javaTrusted: false }],
        },
      ],
    })
  })

  test('10 000 iterations are done unless told otherwise', async () => {
    const { iterations: _, ...withoutIterations } = order
    expect(inspectPkcs12(await writePkcs12(withoutIterations)).mac?.iterations).toBe(10_000)
  })

  test('two files of one order share no byte of their encrypted parts', async () => {
    const [one, two] = await Promise.all([writePkcs12(order), writePkcs12(order)])
    expect(Buffer.compare(one.subarray(100, 200), two.subarray(100, 200))).not.toBe(0)
  })

  test('a name of many scripts survives', async () => {
    const file = await writePkcs12({ ...order, friendlyName: 'Zoë 東京' })
    expect((await readPkcs12(file, password)).entries[0]?.alias).toBe('Zoë 東京')
  })

  test.each([
    ['of 7 characters', 'seven77', '8 to 128'],
    ['of 129 characters', 'x'.repeat(129), '8 to 128'],
    ['with an umlaut', 'schlüssel', 'ASCII'],
    ['with a tab', 'tab\tulator', 'ASCII'],
  ])('a password %s is refused, and why', async (_, bad, why) => {
    await expect(writePkcs12({ ...order, password: bad })).rejects.toMatchObject({
      code: 'pki/keystore-password-unsuitable',
      message: expect.stringContaining(why),
    })
  })

  test.each([8, 128])('a password of %i characters is accepted', async (length) => {
    const longest = '~'.repeat(length)
    const file = await writePkcs12({ ...order, password: longest })
    expect((await readPkcs12(file, longest)).entries).toHaveLength(1)
  })

  test.each([2047, 1_000_001, 5000.5, Number.NaN])(
    '%d iterations are refused',
    async (iterations) => {
      await expect(writePkcs12({ ...order, iterations })).rejects.toMatchObject({
        code: 'pki/keystore-limits',
      })
    },
  )

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['with a line break', 'a\nb'],
    ['turned around by a bidi character', 'a\u202eb'],
    ['beyond the basic plane', 'key \u{1f511}'],
  ])('a name that is %s is refused', async (_, friendlyName) => {
    await expect(writePkcs12({ ...order, friendlyName })).rejects.toMatchObject({
      code: 'pki/name-forbidden',
    })
  })

  test('a key that is not that of the first certificate is refused', async () => {
    const { privateKey } = await generateKeyPair('ec-p256')
    await expect(writePkcs12({ ...order, privateKey })).rejects.toMatchObject({
      code: 'pki/keystore-key-mismatch',
    })
  })

  test('a chain with a gap is refused, and its place named', async () => {
    const [leaf, , root] = order.chain
    if (!leaf || !root) throw new Error('the authority has one intermediate')
    await expect(writePkcs12({ ...order, chain: [leaf, root] })).rejects.toMatchObject({
      code: 'pki/keystore-incomplete-chain',
      message: expect.stringContaining('certificate 2'),
    })
    await expect(writePkcs12({ ...order, chain: [] })).rejects.toMatchObject({
      code: 'pki/keystore-incomplete-chain',
    })
  })
})
