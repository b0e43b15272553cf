import { createPrivateKey } from 'node:crypto'
import { createTestAuthority, type TestCertificate } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import { readKeystore } from './keystore.ts'
import { encodePem } from './pem.ts'
import { writePem } from './pem-write.ts'

const password = 'correct horse battery'
const now = new Date('2030-01-01T00:00:00Z')

describe('reading any keystore', () => {
  let leaf: TestCertificate
  let root: Certificate
  let chain: readonly Certificate[]
  let keyPem: string

  beforeAll(async () => {
    const authority = await createTestAuthority({ name: 'Any', now })
    leaf = await authority.issue({ subject: 'CN=client', keyType: 'rsa2048' })
    root = authority.root
    chain = [...leaf.chain, root]
    keyPem = leaf.privateKeyPem
  })

  const pem = (certificate: Certificate | undefined) =>
    certificate ? encodePem('CERTIFICATE', certificate.raw) : ''

  test('PKCS#12 is known by its content', async () => {
    const file = await leaf.toPkcs12(password)
    const keystore = await readKeystore(file, { password, fileName: 'wrong.pem' })
    expect(keystore).toMatchObject({ format: 'pkcs12', encryption: { key: 'AES-256-CBC' } })
  })

  test('a file with keys of two kinds does not spoil the next one', async () => {
    // An RSA key beside EC certificates only: it is compared with them, and belongs to none.
    const mixed = Buffer.from(pem(root) + keyPem)
    await readKeystore(mixed).catch(() => undefined)
    expect(() => createPrivateKey(keyPem)).not.toThrow()
  })

  test.each([
    ['key first', () => keyPem + chain.map(pem).join('')],
    ['key last', () => chain.map(pem).join('') + keyPem],
    ['root first', () => chain.toReversed().map(pem).join('') + keyPem],
    ['key in the middle', () => pem(chain[2]) + pem(chain[0]) + keyPem + pem(chain[1])],
    [
      'with what openssl prints around blocks',
      () =>
        `Bag Attributes\n    friendlyName: Müller\nsubject=CN = x\n\n${keyPem}issuer=…\n${chain.map(pem).join('\n')}`,
    ],
    ['with Windows line ends', () => (keyPem + chain.map(pem).join('')).replaceAll('\n', '\r\n')],
  ])('PEM in any order: %s', async (_, text) => {
    const keystore = await readKeystore(Buffer.from(text()))
    expect(keystore.entries[0]?.chain.map(({ sha256 }) => sha256)).toEqual(
      chain.map(({ sha256 }) => sha256),
    )
  })

  test.each(['pkcs1', 'pkcs8'] as const)('an RSA key in the form %s is read', async (type) => {
    const key = leaf.privateKey.export({ type, format: 'pem' }).toString()
    const keystore = await readKeystore(Buffer.from(key + pem(chain[0])))
    expect(keystore.entries[0]?.privateKey.equals(leaf.privateKey)).toBe(true)
  })

  test('what writePem writes reads back, encrypted and in the open', async () => {
    const order = { privateKey: leaf.privateKey, chain }
    const plain = await readKeystore(Buffer.from(await writePem(order)))
    expect(plain).toMatchObject({ format: 'pem', encryption: { key: 'none', iterations: null } })
    const text = await writePem({ ...order, password })
    expect(text).not.toContain('BEGIN PRIVATE KEY')
    const sealed = await readKeystore(Buffer.from(text), { password })
    expect(sealed.encryption).toMatchObject({ key: 'AES-256-CBC', iterations: 10_000 })
    expect(sealed.entries[0]?.chain).toHaveLength(3)
  })

  test('an encrypted PEM key wants its password, and the right one', async () => {
    const text = Buffer.from(await writePem({ privateKey: leaf.privateKey, chain, password }))
    await expect(readKeystore(text)).rejects.toMatchObject({
      code: 'pki/keystore-password',
      message: expect.stringContaining('give its password'),
    })
    await expect(readKeystore(text, { password: 'incorrect' })).rejects.toMatchObject({
      code: 'pki/keystore-password',
    })
  })

  test('one DER certificate is read', async () => {
    const keystore = await readKeystore(root.raw)
    expect(keystore).toMatchObject({ format: 'der', entries: [] })
    expect(keystore.certificates[0]?.sha256).toBe(root.sha256)
  })

  test('certificates without any key are a keystore without entries', async () => {
    const keystore = await readKeystore(Buffer.from(chain.map(pem).join('')))
    expect(keystore.entries).toEqual([])
    expect(keystore.certificates).toHaveLength(3)
  })

  test('PKCS#12 without a password asks for it', async () => {
    await expect(readKeystore(await leaf.toPkcs12(password))).rejects.toMatchObject({
      code: 'pki/keystore-password',
      message: expect.stringContaining('give its password'),
    })
  })

  test.each([
    ['JKS', 'feedfeed00000002', 'keytool -importkeystore -srckeystore my.store -srcstoretype JKS'],
    [
      'JCEKS',
      'cececece00000002',
      'keytool -importkeystore -srckeystore my.store -srcstoretype JCEKS',
    ],
    ['BCFKS', '30073005300306012a', '-srcstoretype BCFKS'],
    ['PKCS#7', '300b06092a864886f70d010702', 'openssl pkcs7 -inform DER -in my.store -print_certs'],
    ['PKCS#8', '300c020100300506032b65700400', 'openssl pkey -inform DER -in my.store'],
    ['text', '68656c6c6f', 'neither PKCS#12, PEM nor a DER certificate'],
    ['empty', '', 'neither PKCS#12, PEM nor a DER certificate'],
  ])('%s is refused by name, with what converts it', async (_, hex, words) => {
    const refused = readKeystore(Buffer.from(hex, 'hex'), { fileName: 'my.store' })
    await expect(refused).rejects.toMatchObject({
      code: 'pki/keystore-format',
      message: expect.stringContaining(words),
    })
  })

  test('a conversion line is safe to paste, whatever the file is called', async () => {
    const jks = Buffer.from('feedfeed00000002', 'hex')
    const refused = readKeystore(jks, { fileName: "it's; rm -rf $HOME.jks" })
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining(String.raw`'it'\''s; rm -rf $HOME.jks'`),
    })
  })

  test.each([
    ['RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED', 'openssl pkey'],
    ['OPENSSH PRIVATE KEY', '', 'ssh-keygen'],
    ['PKCS7', '', 'openssl pkcs7'],
    ['TRUSTED CERTIFICATE', '', 'openssl x509'],
  ])('PEM block %s %s is refused by name', async (label, header, cure) => {
    const text = `-----BEGIN ${label}-----\n${header === '' ? '' : `${header}\nDEK-Info: AES-256-CBC,00\n\n`}AAAA\n-----END ${label}-----\n`
    await expect(readKeystore(Buffer.from(text))).rejects.toMatchObject({
      code: 'pki/keystore-unsupported-algorithm',
      message: expect.stringContaining(cure),
    })
  })

  test.each([
    ['17 private keys', 'pki/keystore-limits', () => keyPem.repeat(17)],
    ['513 blocks', 'pki/keystore-limits', () => encodePem('X509 CRL', Buffer.alloc(3)).repeat(513)],
    ['1 MiB of text', 'pki/keystore-limits', () => keyPem + ' '.repeat(1024 * 1024)],
    ['a block without end', 'pki/keystore-corrupt', () => keyPem.slice(0, -40)],
    [
      'a certificate that is none',
      'pki/keystore-corrupt',
      () => encodePem('CERTIFICATE', Buffer.from('no')),
    ],
    [
      'a key that is none',
      'pki/keystore-corrupt',
      () => encodePem('PRIVATE KEY', Buffer.from('no')),
    ],
    ['a key without certificate', 'pki/keystore-key-mismatch', () => keyPem],
    ['a key of another certificate', 'pki/keystore-key-mismatch', () => keyPem + pem(root)],
  ])('PEM with %s is %s', async (_, code, text) => {
    await expect(readKeystore(Buffer.from(text()))).rejects.toMatchObject({ code })
  })
})
