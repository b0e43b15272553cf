import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspectKeystore, readKeystore, selectEntry } from '@twinlatch/pki'
import {
  createTemporaryDirectory,
  createTestAuthority,
  requireTool,
  type TemporaryDirectory,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateFiles,
  type Tool,
} from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const keytool = requireTool('keytool')
const certtool = requireTool('certtool')
const certutil = requireTool('certutil')
const pk12util = requireTool('pk12util')
const password = 'changeit!'
const now = new Date(Math.floor(Date.now() / 1000) * 1000)

interface Holder {
  readonly leaf: TestCertificate
  readonly files: TestCertificateFiles
  readonly directory: string
}

const keyTypes = ['rsa2048', 'ec-p256'] as const
type KeyType = (typeof keyTypes)[number]

let directory: TemporaryDirectory
let authority: TestAuthority
const holders = new Map<KeyType, Holder>()

beforeAll(async () => {
  directory = await createTemporaryDirectory()
  authority = await createTestAuthority({ name: 'Foreign', now })
  for (const keyType of keyTypes) {
    const leaf = await authority.issue({ subject: 'CN=client,O=Twinlatch,C=DE', keyType })
    const own = join(directory.path, keyType)
    await mkdir(own)
    holders.set(keyType, { leaf, files: await leaf.writeTo(own), directory: own })
  }
})

afterAll(async () => directory?.remove())

function holderOf(keyType: KeyType): Holder {
  const holder = holders.get(keyType)
  if (!holder) throw new TypeError(`no files for ${keyType}`)
  return holder
}

async function make(tool: Tool, args: readonly string[]): Promise<void> {
  const result = await tool.run(args)
  expect(result, result.stderr + result.stdout).toMatchObject({ exitCode: 0 })
}

/** Reads a file back and compares it with what went in; the wrong password must not open it. */
async function expectSame(file: string, { leaf }: Holder, certificates: number) {
  const bytes = await readFile(file)
  const keystore = await readKeystore(bytes, { password })
  const entry = selectEntry(keystore)
  expect(entry.privateKey.equals(leaf.privateKey)).toBe(true)
  expect(entry.certificate.sha256).toBe(leaf.certificate.sha256)
  expect(keystore.certificates).toHaveLength(certificates)
  await expect(readKeystore(bytes, { password: 'incorrect' })).rejects.toMatchObject({
    code: 'pki/keystore-password',
  })
  const report = await inspectKeystore(bytes, { password, fileName: file, now })
  expect(report).toMatchObject({ kind: 'pkcs12', opened: true, password: 'right' })
  return { ...keystore, alias: entry.alias }
}

describe.skipIf(certtool.missing).each(keyTypes)('keystores made by GnuTLS, %s', (keyType) => {
  test.each([
    ['as it is', [], 'AES-128-CBC'],
    ['AES-256', ['--pkcs-cipher', 'aes-256'], 'AES-256-CBC'],
    // Not its 3DES of PKCS#12: with its 600 000 rounds that takes ten seconds of our own derivation.
    ['3DES of PBES2', ['--pkcs-cipher', '3des'], '3DES (PBES2)'],
  ] as const)('%s: read, with its name', async (_, extra, cipher) => {
    const holder = holderOf(keyType)
    const file = join(holder.directory, 'gnutls.p12')
    await make(certtool, [
      ...['--to-p12', '--load-privkey', holder.files.key, '--p12-name', 'Client'],
      ...['--load-certificate', holder.files.certificate, '--load-ca-certificate'],
      ...[holder.files.authority, '--password', password, '--outder', '--outfile', file, ...extra],
    ])
    const { alias, encryption } = await expectSame(file, holder, 3)
    expect(alias).toBe('Client')
    expect(encryption.key).toBe(cipher)
  })

  test('its PEM with an encrypted key', async () => {
    const holder = holderOf(keyType)
    const file = join(holder.directory, 'gnutls.key')
    await make(certtool, [
      ...['--to-p8', '--load-privkey', holder.files.key, '--pkcs-cipher', 'aes-256'],
      ...['--password', password, '--outfile', file],
    ])
    const text = `${await readFile(file, 'utf8')}${holder.leaf.chainPem}`
    const keystore = await readKeystore(Buffer.from(text), { password })
    expect(selectEntry(keystore).privateKey.equals(holder.leaf.privateKey)).toBe(true)
  })
})

const withNss = !certutil.missing && !pk12util.missing && !openssl.missing

describe.skipIf(!withNss).each(keyTypes)('keystores made by NSS, %s', (keyType) => {
  let database: string

  beforeAll(async () => {
    const holder = holderOf(keyType)
    const source = join(holder.directory, 'source.p12')
    await make(openssl, [
      ...['pkcs12', '-export', '-name', 'Client', '-passout', `pass:${password}`, '-out', source],
      ...['-inkey', holder.files.key, '-in', holder.files.certificate],
      ...['-certfile', holder.files.authority],
    ])
    database = `sql:${holder.directory}`
    await make(certutil, ['-N', '-d', database, '--empty-password'])
    await make(pk12util, ['-i', source, '-d', database, '-W', password])
  })

  test.each([
    ['as it is', [], /AES/],
    ['AES-128', ['-c', 'AES-128-CBC', '-C', 'AES-128-CBC'], /^AES-128-CBC$/],
    ['certificates in the open', ['-C', 'none'], /AES/],
  ])('%s: read, with its name', async (_, extra, cipher) => {
    const holder = holderOf(keyType)
    const file = join(holder.directory, 'nss.p12')
    await make(pk12util, ['-o', file, '-n', 'Client', '-d', database, '-W', password, ...extra])
    const { alias, encryption } = await expectSame(file, holder, 3)
    expect(alias).toBe('Client')
    expect(encryption.key).toMatch(cipher)
  })
})

describe.skipIf(keytool.missing).each(keyTypes)('keystores made by Java, %s', (keyType) => {
  test.each([
    ['as it is', [], 'AES-256-CBC'],
    ['as before version 16', ['-J-Dkeystore.pkcs12.legacy'], '3DES'],
  ])('%s: read, with its chain', async (_, extra, cipher) => {
    const holder = holderOf(keyType)
    const source = join(holder.directory, 'for-java.p12')
    const file = join(holder.directory, `java-${extra.length}.p12`)
    await make(openssl, [
      ...['pkcs12', '-export', '-name', 'Client', '-passout', `pass:${password}`, '-out', source],
      ...['-inkey', holder.files.key, '-in', holder.files.certificate],
      ...['-certfile', holder.files.authority],
    ])
    await make(keytool, [
      ...['-importkeystore', '-srckeystore', source, '-srcstorepass', password, '-noprompt'],
      ...['-destkeystore', file, '-deststoretype', 'PKCS12', '-deststorepass', password, ...extra],
    ])
    const { alias, encryption } = await expectSame(file, holder, 3)
    expect(alias).toBe('client')
    expect(encryption.key).toBe(cipher)
  })
})
