import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspectKeystore, readKeystore, selectEntry } from '@twinlatch/pki'
import {
  createTemporaryDirectory,
  createTestAuthority,
  requireTool,
  type TemporaryDirectory,
  type TestAuthority,
  type TestCertificate,
} from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const keytool = requireTool('keytool')
const password = 'changeit'
// Certificates begin and end on whole seconds.
const now = new Date(Math.floor(Date.now() / 1000) * 1000)

let directory: TemporaryDirectory
let authority: TestAuthority
let leaf: TestCertificate

beforeAll(async () => {
  directory = await createTemporaryDirectory()
  authority = await createTestAuthority({ name: 'Foreign', now })
  leaf = await authority.issue({ subject: 'CN=client,O=Twinlatch,C=DE', keyType: 'rsa2048' })
  await leaf.writeTo(directory.path)
})

afterAll(async () => directory?.remove())

describe.skipIf(openssl.missing)('keystores made by openssl', () => {
  const exportP12 = async (name: string, extra: readonly string[], pass = password) => {
    const file = join(directory.path, name)
    const result = await openssl.run([
      ...['pkcs12', '-export', '-name', 'Client', '-passout', `pass:${pass}`, '-out', file],
      ...['-inkey', join(directory.path, 'client.key'), '-in', join(directory.path, 'client.crt')],
      ...['-certfile', join(directory.path, 'client-ca.crt'), ...extra],
    ])
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    return readFile(file)
  }

  test.each([
    ['modern', [], 'AES-256-CBC', 'AES-256-CBC', 'SHA-256', []],
    ['-legacy', ['-legacy'], 'RC2-40-CBC', '3DES', 'SHA-1', ['KST201']],
    [
      'RC2-40 by name',
      ['-certpbe', 'PBE-SHA1-RC2-40', '-legacy'],
      ...['RC2-40-CBC', '3DES', 'SHA-1'],
      ['KST201'],
    ],
    [
      'RC2-128 and two-key 3DES',
      ['-certpbe', 'PBE-SHA1-RC2-128', '-keypbe', 'PBE-SHA1-2DES', '-legacy'],
      ...['RC2-128-CBC', '2-key 3DES', 'SHA-1'],
      ['KST201'],
    ],
    [
      '3DES for all',
      ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
      ...['3DES', '3DES', 'SHA-1'],
      ['KST201'],
    ],
    [
      'AES-128, AES-192 and SHA-512',
      ['-certpbe', 'AES-128-CBC', '-keypbe', 'AES-192-CBC', '-macalg', 'sha512'],
      ...['AES-128-CBC', 'AES-192-CBC', 'SHA-512'],
      [],
    ],
    ['SHA-384', ['-macalg', 'sha384'], 'AES-256-CBC', 'AES-256-CBC', 'SHA-384', []],
    [
      'no encryption',
      ['-keypbe', 'NONE', '-certpbe', 'NONE'],
      ...['none', 'none', 'SHA-256'],
      ['KST213'],
    ],
  ] as [string, string[], string, string, string, string[]][])(
    '%s: read, named, judged',
    async (_, extra, certificates, key, mac, findings) => {
      const bytes = await exportP12('read.p12', extra)
      const keystore = await readKeystore(bytes, { password })
      expect(keystore.encryption).toMatchObject({ certificates, key, mac, iterations: 2048 })
      const entry = selectEntry(keystore, 'client')
      expect(entry.privateKey.equals(leaf.privateKey)).toBe(true)
      expect(entry.chain.map(({ sha256 }) => sha256)).toEqual(
        [...leaf.chain, authority.root].map(({ sha256 }) => sha256),
      )
      await expect(readKeystore(bytes, { password: 'incorrect' })).rejects.toMatchObject({
        code: 'pki/keystore-password',
      })
      const report = await inspectKeystore(bytes, { password, fileName: 'read.p12', now })
      const said = report.findings.map(({ code }) => code)
      expect(said.filter((code) => code !== 'KST206')).toEqual(findings)
    },
  )

  test('no MAC: refused for use, readable for inspection with an error finding', async () => {
    const bytes = await exportP12('nomac.p12', ['-nomac'])
    await expect(readKeystore(bytes, { password })).rejects.toMatchObject({
      code: 'pki/keystore-format',
    })
    const report = await inspectKeystore(bytes, { password, now })
    expect(report).toMatchObject({ opened: true, keys: [{ key: 'RSA 2048', certificate: 1 }] })
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'KST209', level: 'error' }),
    )
  })

  test('RC4 is refused by name', async () => {
    const bytes = await exportP12('rc4.p12', ['-certpbe', 'PBE-SHA1-RC4-128', '-legacy'])
    await expect(readKeystore(bytes, { password })).rejects.toMatchObject({
      code: 'pki/keystore-unsupported-algorithm',
      message: expect.stringContaining('RC4-128'),
    })
  })

  test.each([[[]], [['-legacy']]])(
    'an empty password opens the file, and is found: %j',
    async (extra) => {
      const bytes = await exportP12('empty.p12', extra, '')
      expect((await readKeystore(bytes)).entries).toHaveLength(1)
      const report = await inspectKeystore(bytes, { now })
      expect(report.findings.map(({ code }) => code)).toContain('KST207')
    },
  )

  test.each([[[]], [['-legacy']]])('a password beyond ASCII opens the file: %j', async (extra) => {
    const umlauts = 'Schlüssel-ключ-東京'
    const bytes = await exportP12('umlauts.p12', extra, umlauts)
    expect((await readKeystore(bytes, { password: umlauts })).entries).toHaveLength(1)
  })

  test('certificates only: no key to select', async () => {
    const keystore = await readKeystore(await exportP12('nokeys.p12', ['-nokeys']), { password })
    expect(keystore.certificates).toHaveLength(3)
    expect(() => selectEntry(keystore)).toThrow(/no private key/)
  })

  test('an encrypted PKCS#8 key beside its chain', async () => {
    const { stdout, exitCode } = await openssl.run([
      ...['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-passout', `pass:${password}`],
      ...['-in', join(directory.path, 'client.key')],
    ])
    expect(exitCode).toBe(0)
    const keystore = await readKeystore(Buffer.from(leaf.chainPem + stdout), { password })
    expect(selectEntry(keystore).privateKey.equals(leaf.privateKey)).toBe(true)
  })

  test('a key in the old encryption of openssl is refused by name', async () => {
    const { stdout } = await openssl.run([
      ...['rsa', '-traditional', '-aes256', '-passout', `pass:${password}`],
      ...['-in', join(directory.path, 'client.key')],
    ])
    await expect(readKeystore(Buffer.from(stdout), { password })).rejects.toMatchObject({
      code: 'pki/keystore-unsupported-algorithm',
      message: expect.stringContaining('Proc-Type'),
    })
  })

  test('PKCS#7 is refused, and the line we name converts it', async () => {
    const p7b = join(directory.path, 'chain.p7b')
    await openssl.run([
      ...['crl2pkcs7', '-nocrl', '-outform', 'DER', '-out', p7b],
      ...['-certfile', join(directory.path, 'client.crt')],
    ])
    const report = await inspectKeystore(await readFile(p7b), { fileName: p7b, now })
    expect(report).toMatchObject({ kind: 'pkcs7', findings: [{ code: 'KST212' }] })
    const [, ...args] = (report.findings[0]?.cure ?? '').split(' ')
    expect(await openssl.run(args)).toMatchObject({ exitCode: 0 })
    const converted = await readFile(p7b.replace('p7b', 'pem'))
    expect((await readKeystore(converted)).certificates).toHaveLength(leaf.chain.length)
  })
})

describe.skipIf(keytool.missing)('keystores made by keytool', () => {
  const generate = async (type: string) => {
    const file = join(directory.path, `java-${type}.store`)
    const result = await keytool.run([
      ...['-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', '-dname', 'CN=java', '-alias', 'My'],
      ...['-keystore', file, '-storetype', type, '-storepass', password, '-keypass', password],
    ])
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    return { file, bytes: await readFile(file) }
  }

  test('the default kind is read, with its alias', async () => {
    const { bytes } = await generate('pkcs12')
    const entry = selectEntry(await readKeystore(bytes, { password }), 'my')
    expect(entry.alias).toBe('my')
    expect(entry.chain).toHaveLength(1)
    await expect(readKeystore(bytes, { password: 'incorrect' })).rejects.toMatchObject({
      code: 'pki/keystore-password',
    })
  })

  test('a chain of three survives the way through Java', async () => {
    const source = join(directory.path, 'source.p12')
    const target = join(directory.path, 'target.p12')
    await writeFile(source, await leaf.toPkcs12('changeit!'))
    const result = await keytool.run([
      ...['-importkeystore', '-srckeystore', source, '-srcstorepass', 'changeit!'],
      ...['-destkeystore', target, '-deststoretype', 'PKCS12', '-deststorepass', password],
    ])
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    const entry = selectEntry(await readKeystore(await readFile(target), { password }))
    expect(entry.privateKey.equals(leaf.privateKey)).toBe(true)
    expect(entry.chain).toHaveLength(3)
  })

  test.each(['jks', 'jceks'])('%s is refused, and the line we name converts it', async (type) => {
    const { file, bytes } = await generate(type)
    const report = await inspectKeystore(bytes, { fileName: file, now })
    expect(report).toMatchObject({ kind: type, opened: false, findings: [{ code: 'KST212' }] })
    const [, ...args] = (report.findings[0]?.cure ?? '').split(' ')
    const passwords = ['-srcstorepass', password, '-deststorepass', password, '-noprompt']
    const result = await keytool.run([...args, ...passwords])
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    const converted = await readFile(file.replace('store', 'p12'))
    expect((await readKeystore(converted, { password })).entries).toHaveLength(1)
  })
})
