import { createTestAuthority } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeDer } from './der.ts'
import { explicit, integer, oid, sequence } from './der-write.ts'
import { encryptWithPassword, octetString } from './pbe-encrypt.ts'
import { inspectPkcs12 } from './pkcs12-inspect.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import { readPkcs12 } from './pkcs12-read.ts'

const now = new Date('2030-01-01T00:00:00Z')

// Hostile files are put together from these parts, as no tool writes them.
const nothing = encodeDer(0x05)
const aesIv = octetString(Buffer.alloc(16))
const pbkdf2 = (iterations: bigint | number, salt = 8, ...more: Uint8Array[]) =>
  sequence(
    oid(pkcs12Oids.pbkdf2),
    sequence(octetString(Buffer.alloc(salt)), integer(iterations), ...more),
  )
const pbes2 = (kdf: Uint8Array) =>
  sequence(oid(pkcs12Oids.pbes2), sequence(kdf, sequence(oid(pkcs12Oids.aes256Cbc), aesIv)))
const tripleDes = (iterations: number) =>
  sequence(
    oid(pkcs12Oids.pbeSha1TripleDes),
    sequence(octetString(Buffer.alloc(8)), integer(iterations)),
  )
const encrypted = (algorithm: Uint8Array, data: Uint8Array = Buffer.alloc(32)) =>
  sequence(
    oid(pkcs12Oids.encryptedData),
    explicit(
      0,
      sequence(integer(0), sequence(oid(pkcs12Oids.data), algorithm, encodeDer(0x80, data))),
    ),
  )
const open = (...bags: Uint8Array[]) => data(sequence(...bags))
const data = (content: Uint8Array) =>
  sequence(oid(pkcs12Oids.data), explicit(0, octetString(content)))
const bag = (type: string, value: Uint8Array) => sequence(oid(type), explicit(0, value))
const crl = bag(pkcs12Oids.crlBag, sequence())
const shroudedKey = (algorithm: Uint8Array) =>
  bag(pkcs12Oids.shroudedKeyBag, sequence(algorithm, octetString(Buffer.alloc(32))))
const certificate = bag(
  pkcs12Oids.certificateBag,
  sequence(oid(pkcs12Oids.x509Certificate), explicit(0, octetString(sequence()))),
)
const mac = (iterations: bigint | number, salt = 8) =>
  sequence(
    sequence(sequence(oid(pkcs12Oids.sha256), nothing), octetString(Buffer.alloc(32))),
    octetString(Buffer.alloc(salt)),
    integer(iterations),
  )
const pbmac1 = (kdf: Uint8Array) =>
  sequence(
    sequence(
      sequence(
        oid(pkcs12Oids.pbmac1),
        sequence(kdf, sequence(oid(pkcs12Oids.hmacSha256), nothing)),
      ),
      octetString(Buffer.alloc(32)),
    ),
    octetString(Buffer.alloc(8)),
  )
const pfx = (safes: Uint8Array[], ...macData: Uint8Array[]) =>
  sequence(integer(3), data(sequence(...safes)), ...macData)
const nested = (levels: number): Uint8Array =>
  levels === 0 ? crl : bag(pkcs12Oids.safeContentsBag, sequence(nested(levels - 1)))
const repeat = (count: number, part: Uint8Array) => Array.from({ length: count }, () => part)

const beyond: [string, Uint8Array][] = [
  ['more than 1 MiB', Buffer.concat([pfx([]), Buffer.alloc(1024 * 1024)])],
  ['a MAC of 1 000 001 iterations', pfx([], mac(1_000_001))],
  ['a MAC of 2^63 iterations', pfx([], mac(2n ** 63n))],
  ['a MAC salt of 1 025 bytes', pfx([], mac(2048, 1025))],
  ['a PBMAC1 of 1 000 001 iterations', pfx([], pbmac1(pbkdf2(1_000_001, 8, integer(32))))],
  ['PBES2 of 1 000 001 iterations', pfx([encrypted(pbes2(pbkdf2(1_000_001)))])],
  ['a key under PBES2 of 1 000 001 iterations', pfx([open(shroudedKey(pbes2(pbkdf2(1_000_001))))])],
  ['3DES of 1 000 001 iterations', pfx([encrypted(tripleDes(1_000_001))])],
  ['a PBES2 salt of 1 025 bytes', pfx([encrypted(pbes2(pbkdf2(2048, 1025)))])],
  ['a derived key of 65 bytes', pfx([encrypted(pbes2(pbkdf2(2048, 8, integer(65))))])],
  ['3 000 001 iterations in sum', pfx(repeat(3, encrypted(tripleDes(1_000_000))), mac(1))],
  ['65 bags', pfx([open(...repeat(64, crl))])],
  ['65 parts', pfx(repeat(65, open()))],
  ['33 certificates', pfx([open(...repeat(33, certificate))])],
  ['bags nested 6 deep', pfx([open(nested(6))])],
]

const within: [string, Uint8Array][] = [
  ['a MAC of 1 000 000 iterations', pfx([], mac(1_000_000))],
  ['a MAC salt of 1 024 bytes', pfx([], mac(2048, 1024))],
  ['PBES2 of 1 000 000 iterations', pfx([encrypted(pbes2(pbkdf2(1_000_000)))])],
  ['a derived key that fits the cipher', pfx([encrypted(pbes2(pbkdf2(2048, 8, integer(32))))])],
  ['3 000 000 iterations in sum', pfx(repeat(3, encrypted(tripleDes(1_000_000))))],
  ['63 bags in one part', pfx([open(...repeat(63, crl))])],
  ['32 certificates', pfx([open(...repeat(32, certificate))])],
  ['bags nested 4 deep', pfx([open(nested(4))])],
]

describe('limits of PKCS#12 files', () => {
  test.each(beyond)('%s: refused before any key is derived', async (_, file) => {
    const begin = performance.now()
    await expect(readPkcs12(file, 'secret', { allowMissingMac: true })).rejects.toMatchObject({
      code: 'pki/keystore-limits',
    })
    // One derivation of this size takes a second and more.
    expect(performance.now() - begin).toBeLessThan(300)
  })

  test.each(within)('%s: not refused', (_, file) => {
    expect(inspectPkcs12(file).parts).toBeDefined()
  })

  test('a million iterations that show only after decryption count as well', async () => {
    const hidden = sequence(shroudedKey(pbes2(pbkdf2(1_000_001))))
    const options = { flavour: 'modern', iterations: 2048 } as const
    const outer = await encryptWithPassword(hidden, 'secret', options)
    const file = pfx([encrypted(outer.algorithm, outer.data)])
    await expect(readPkcs12(file, 'secret', { allowMissingMac: true })).rejects.toMatchObject({
      code: 'pki/keystore-limits',
    })
  })

  test('a password beyond 1 024 characters is refused', async () => {
    await expect(readPkcs12(pfx([], mac(1)), 'x'.repeat(1025))).rejects.toMatchObject({
      code: 'pki/keystore-limits',
    })
  })

  test.each([
    ['a negative iteration count', pfx([], mac(-5))],
    ['a zero iteration count', pfx([], mac(0))],
    [
      'a derived key that does not fit the cipher',
      pfx([encrypted(pbes2(pbkdf2(1, 8, integer(16))))]),
    ],
    ['PBMAC1 without the length of its key', pfx([], pbmac1(pbkdf2(2048)))],
    ['bytes after the end', Buffer.concat([pfx([]), nothing])],
    ['no content at all', Buffer.alloc(0)],
  ])('%s: damaged', async (_, file) => {
    await expect(readPkcs12(file, 'secret')).rejects.toMatchObject({ code: 'pki/keystore-corrupt' })
  })

  describe('of RSA keys', () => {
    let oversized: Uint8Array

    beforeAll(async () => {
      const { certificate: leaf } = await (
        await createTestAuthority({ now, name: 'Limits' })
      ).issue({
        subject: 'CN=a',
      })
      const modulus = Buffer.alloc(2050, 0xff)
      const key = sequence(
        integer(0),
        ...repeat(1, encodeDer(0x02, Buffer.concat([Buffer.alloc(1), modulus]))),
        integer(65537),
        ...repeat(6, integer(3)),
      )
      const rsa = sequence(oid('1.2.840.113549.1.1.1'), nothing)
      oversized = pfx([
        open(
          bag(pkcs12Oids.keyBag, sequence(integer(0), rsa, octetString(key))),
          bag(
            pkcs12Oids.certificateBag,
            sequence(oid(pkcs12Oids.x509Certificate), explicit(0, octetString(leaf.raw))),
          ),
        ),
      ])
    })

    test('a modulus beyond 16 384 bits is refused', async () => {
      await expect(
        readPkcs12(oversized, 'secret', { allowMissingMac: true }),
      ).rejects.toMatchObject({ code: 'pki/keystore-limits' })
    })
  })
})
