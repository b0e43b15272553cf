import { readFileSync } from 'node:fs'
import { createTestAuthority, type TestCertificate } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import { encodeDer } from './der.ts'
import { explicit, integer, oid, sequence, setOf } from './der-write.ts'
import { selectEntry } from './keystore-entry.ts'
import { inspectKeystore } from './keystore-inspect.ts'
import { renderKeystoreReport } from './keystore-render.ts'
import { encryptWithPassword, octetString } from './pbe-encrypt.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import { readPkcs12 } from './pkcs12-read.ts'

const password = 'correct horse battery'
const now = new Date('2030-01-01T00:00:00Z')
const anyway = { allowMissingMac: true }

const data = (content: Uint8Array) =>
  sequence(oid(pkcs12Oids.data), explicit(0, octetString(content)))
const localKeyId = (id: string) =>
  setOf([sequence(oid(pkcs12Oids.localKeyId), setOf([octetString(Buffer.from(id))]))])
const alias = (name: string) =>
  setOf([
    sequence(
      oid(pkcs12Oids.friendlyName),
      setOf([encodeDer(0x1e, Buffer.from(name, 'utf16le').swap16())]),
    ),
  ])
const bag = (type: string, value: Uint8Array, ...attributes: Uint8Array[]) =>
  sequence(oid(type), explicit(0, value), ...attributes)
const keyBag = ({ privateKey }: TestCertificate, ...attributes: Uint8Array[]) =>
  bag(pkcs12Oids.keyBag, privateKey.export({ type: 'pkcs8', format: 'der' }), ...attributes)
const certificateBag = ({ raw }: Certificate, ...attributes: Uint8Array[]) =>
  bag(
    pkcs12Oids.certificateBag,
    sequence(oid(pkcs12Oids.x509Certificate), explicit(0, octetString(raw))),
    ...attributes,
  )
const pfx = (...safes: Uint8Array[][]) =>
  sequence(integer(3), data(sequence(...safes.map((bags) => data(sequence(...bags))))))

describe('reading PKCS#12', () => {
  let one: TestCertificate
  let other: TestCertificate
  let root: Certificate
  let intermediate: Certificate
  let file: Uint8Array

  beforeAll(async () => {
    const authority = await createTestAuthority({ name: 'Reader', now })
    one = await authority.issue({ subject: 'CN=one' })
    other = await authority.issue({ subject: 'CN=other' })
    root = authority.root
    intermediate = authority.intermediates[0] ?? root
    file = await one.toPkcs12(password)
  })

  test.each([
    [
      'key first, root before leaf',
      () =>
        pfx(
          [keyBag(one)],
          [certificateBag(root), certificateBag(one.certificate), certificateBag(intermediate)],
        ),
    ],
    [
      'everything in one part',
      () =>
        pfx([
          certificateBag(intermediate),
          keyBag(one),
          certificateBag(root),
          certificateBag(one.certificate),
        ]),
    ],
    [
      'bags inside bags',
      () =>
        pfx([
          bag(pkcs12Oids.safeContentsBag, sequence(keyBag(one), certificateBag(root))),
          certificateBag(intermediate),
          certificateBag(one.certificate),
        ]),
    ],
  ])('the chain is leaf, intermediate, root whatever the order: %s', async (_, build) => {
    const entry = selectEntry(await readPkcs12(build(), '', anyway))
    expect(entry.chain.map(({ sha256 }) => sha256)).toEqual(
      [one.certificate, intermediate, root].map(({ sha256 }) => sha256),
    )
  })

  test('BER of indefinite length with strings in pieces is read', async () => {
    const keystore = await readPkcs12(toIndefinite(file), password)
    expect(keystore.entries[0]?.chain).toHaveLength(3)
  })

  test('a wrong password and a changed file give one and the same refusal', async () => {
    const changed = Uint8Array.from(file)
    const middle = changed.length >> 1
    changed[middle] = (changed[middle] ?? 0) ^ 1
    const wrong = await readPkcs12(file, 'incorrect').catch((error: unknown) => error)
    const broken = await readPkcs12(changed, password).catch((error: unknown) => error)
    expect(wrong).toMatchObject({ code: 'pki/keystore-password' })
    expect(broken).toEqual(wrong)
  })

  test('a file without MAC is refused unless it is only looked at', async () => {
    const bags = [keyBag(one), certificateBag(one.certificate)]
    await expect(readPkcs12(pfx(bags), '')).rejects.toMatchObject({
      code: 'pki/keystore-format',
      message: expect.stringContaining('no MAC'),
    })
    expect((await readPkcs12(pfx(bags), '', anyway)).encryption.mac).toBeNull()
  })

  test('of a file without MAC a wrong password is still called that', async () => {
    const plain = sequence(keyBag(one))
    const options = { flavour: 'modern', iterations: 1 } as const
    // With 1 in 256 the padding of rubbish is right; 600 wrong passwords meet that case.
    const { algorithm, data: cipher } = await encryptWithPassword(plain, password, options)
    const content = sequence(oid(pkcs12Oids.data), algorithm, encodeDer(0x80, cipher))
    const part = sequence(oid(pkcs12Oids.encryptedData), explicit(0, sequence(integer(0), content)))
    const withoutMac = sequence(integer(3), data(sequence(part)))
    const codes = new Set<unknown>()
    for (let attempt = 0; attempt < 600; attempt++) {
      const error: unknown = await readPkcs12(withoutMac, `wrong ${attempt}`, anyway).catch(
        (thrown: unknown) => thrown,
      )
      codes.add(error instanceof Error && 'code' in error ? error.code : error)
    }
    expect([...codes]).toEqual(['pki/keystore-password'])
  })

  test('the id on key and certificate decides, before the order of the certificates', async () => {
    const bags = [
      certificateBag(other.certificate),
      certificateBag(one.certificate, localKeyId('1')),
      keyBag(one, localKeyId('1')),
    ]
    const entry = selectEntry(await readPkcs12(pfx(bags), '', anyway))
    expect(entry.certificate.sha256).toBe(one.certificate.sha256)
  })

  test.each([
    [
      'an id that points to the certificate of another key',
      () => [
        keyBag(one, localKeyId('1')),
        certificateBag(other.certificate, localKeyId('1')),
        certificateBag(one.certificate),
      ],
    ],
    ['no certificate of the key', () => [keyBag(one), certificateBag(other.certificate)]],
    ['no certificate at all', () => [keyBag(one)]],
  ])('a key is refused with %s', async (_, bags) => {
    await expect(readPkcs12(pfx(bags()), '', anyway)).rejects.toMatchObject({
      code: 'pki/keystore-key-mismatch',
    })
  })

  test('an id that occurs on no certificate is not held against the key', async () => {
    const bags = [keyBag(one, localKeyId('Time 1')), certificateBag(one.certificate)]
    expect((await readPkcs12(pfx(bags), '', anyway)).entries).toHaveLength(1)
  })

  test('of several keys one must be named, without regard to case', async () => {
    const keystore = await readPkcs12(
      pfx([
        keyBag(one, alias('First')),
        keyBag(other, alias('second')),
        certificateBag(one.certificate),
        certificateBag(other.certificate),
      ]),
      '',
      anyway,
    )
    expect(() => selectEntry(keystore)).toThrow(/"First", "second"/)
    expect(selectEntry(keystore, 'first').certificate.sha256).toBe(one.certificate.sha256)
    expect(() => selectEntry(keystore, 'third')).toThrow(/no key with the alias "third"/)
  })

  test('an alias that would move the cursor of a terminal is spelled out wherever it is told', async () => {
    const bags = [keyBag(one, alias('a\u001b[2J')), keyBag(other, alias('b\u202e'))]
    const certificates = [certificateBag(one.certificate), certificateBag(other.certificate)]
    const keystore = await readPkcs12(pfx([...bags, ...certificates]), '', anyway)
    expect(() => selectEntry(keystore)).toThrow(/"a\\u\{1b\}\[2J", "b\\u\{202e\}"/)
    const report = await inspectKeystore(pfx(bags), { fileName: 'a.p12', now: new Date(0) })
    expect(renderKeystoreReport(report).join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test('certificates only: readable, but nothing to select', async () => {
    const keystore = await readPkcs12(pfx([certificateBag(root)]), '', anyway)
    expect(keystore.certificates).toHaveLength(1)
    expect(() => selectEntry(keystore)).toThrow(
      expect.objectContaining({ code: 'pki/keystore-no-key' }),
    )
  })

  test('what is not used is passed over and named', async () => {
    const keystore = await readPkcs12(
      pfx([
        keyBag(one),
        certificateBag(one.certificate),
        bag(pkcs12Oids.crlBag, sequence()),
        bag(pkcs12Oids.secretBag, sequence()),
      ]),
      '',
      anyway,
    )
    expect(keystore.warnings).toEqual([
      'the file also holds a revocation list, which is not used',
      'the file also holds a secret, which is not used',
    ])
  })

  test.each([
    ['1.2.840.113549.1.12.1.1', 'RC4-128'],
    ['1.2.840.113549.1.12.1.2', 'RC4-40'],
    ['1.2.840.113549.1.5.3', 'MD5 with DES'],
    ['1.2.3.4', '1.2.3.4'],
  ])('encryption %s is refused as %s', async (number, name) => {
    const algorithm = sequence(oid(number), sequence(octetString(Buffer.alloc(8)), integer(1)))
    const shrouded = bag(
      pkcs12Oids.shroudedKeyBag,
      sequence(algorithm, octetString(Buffer.alloc(8))),
    )
    await expect(readPkcs12(pfx([shrouded]), password, anyway)).rejects.toMatchObject({
      code: 'pki/keystore-unsupported-algorithm',
      message: expect.stringContaining(name),
    })
  })

  test('every cut-off of a file is damaged, never anything else', async () => {
    for (let length = 0; length < file.length; length += 37) {
      await expect(readPkcs12(file.subarray(0, length), password)).rejects.toMatchObject({
        code: 'pki/keystore-corrupt',
      })
    }
  })
})

describe('PBMAC1', () => {
  // RFC 9879 appendix A.1; A.4 to A.6 are the same file with one field changed.
  const vector = Buffer.from(
    readFileSync(new URL('testdata/rfc9879-a1.b64', import.meta.url), 'latin1'),
    'base64',
  )

  test('the valid file of RFC 9879 opens', async () => {
    const keystore = await readPkcs12(vector, '1234')
    expect(keystore.encryption.mac).toBe('PBMAC1 SHA-256')
    expect(keystore.entries).toHaveLength(1)
  })

  test.each([
    ['iteration count', 0x02020800, 0x02020801],
    ['salt', 0x38b02e31, 0x38b02e30],
  ])('with another %s it does not', async (_, from, to) => {
    const changed = Buffer.from(vector)
    const marks = Buffer.alloc(4)
    marks.writeUInt32BE(from)
    changed.writeUInt32BE(to, changed.lastIndexOf(marks))
    await expect(readPkcs12(changed, '1234')).rejects.toMatchObject({
      code: 'pki/keystore-password',
    })
  })
})

// The same content as Windows and old NSS write it: indefinite lengths, octet strings in pieces.
function toIndefinite(der: Uint8Array): Uint8Array {
  const { tag, content, next } = splitHeader(der, 0)
  if (tag === 0x04 && content.length > 64) {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < content.length; at += 50) {
      pieces.push(octetString(content.subarray(at, at + 50)))
    }
    return Buffer.concat([Buffer.from([0x24, 0x80]), ...pieces, Buffer.alloc(2)])
  }
  if ((tag & 0x20) === 0) return der.subarray(0, next)
  const children: Uint8Array[] = []
  for (let at = 0; at < content.length; ) {
    const child = splitHeader(content, at)
    children.push(toIndefinite(content.subarray(at, child.next)))
    at = child.next
  }
  return Buffer.concat([Buffer.from([tag, 0x80]), ...children, Buffer.alloc(2)])
}

function splitHeader(bytes: Uint8Array, at: number) {
  const first = bytes[at + 1] ?? 0
  const count = first < 0x80 ? 0 : first & 0x7f
  let length = count === 0 ? first : 0
  for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0)
  const start = at + 2 + count
  return {
    tag: bytes[at] ?? 0,
    content: bytes.subarray(start, start + length),
    next: start + length,
  }
}
