import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CertificateAuthority, migrations, openCertificateAuthority } from '@twinlatch/ca'
import { devSubaccountId, Secret, silentLogger, systemClock } from '@twinlatch/kit'
import {
  createTemporaryDirectory,
  openTestStore,
  requireTool,
  type TemporaryDirectory,
  type TestStore,
} from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const keytool = requireTool('keytool')
const password = 'a Passphrase, with "quotes" & $igns'
const keyTypes = ['rsa2048', 'rsa4096', 'ec-p256', 'ec-p384'] as const
const caller = { subaccountId: devSubaccountId, actor: 'admin', tenantHost: 'dev.localhost' }

let directory: TemporaryDirectory
let stage: TestStore
let ca: CertificateAuthority
let passwordFile: string

beforeAll(async () => {
  directory = await createTemporaryDirectory()
  passwordFile = join(directory.path, 'password.txt')
  await writeFile(passwordFile, password)
  stage = await openTestStore([migrations], { clock: systemClock })
  const { store, audit } = stage
  ca = await openCertificateAuthority({ store, audit, clock: systemClock, log: silentLogger })
})
afterAll(async () => {
  await ca.stop()
  await stage.stop()
  await directory.remove()
})

async function issue(
  keyType: (typeof keyTypes)[number],
  format: 'modern' | 'compat' | 'pem',
): Promise<string> {
  const { file, fileName } = await ca.issue(
    {
      name: `${keyType} ${format}`,
      profile: 'client',
      subjectAltNames: [],
      keyType,
      format,
      password: new Secret(password),
    },
    caller,
  )
  const path = join(directory.path, fileName as string)
  await writeFile(path, file as Uint8Array, { mode: 0o600 })
  return path
}

describe.skipIf(openssl.missing)('openssl', () => {
  test.each([
    ['modern', /PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256/, /MAC: sha256/],
    ['compat', /pbeWithSHA1And3-KeyTripleDES-CBC/, /MAC: sha1/],
  ] as const)(
    'opens a %s file: shrouded key, three certificates, names and MAC',
    async (format, encryption, mac) => {
      const path = await issue('rsa2048', format)
      const { exitCode, stdout, stderr } = await openssl.run([
        'pkcs12',
        '-info',
        '-in',
        path,
        '-nodes',
        '-passin',
        `file:${passwordFile}`,
      ])
      expect(stderr).toMatch(mac)
      expect(stderr).toContain('Shrouded Keybag')
      expect(stderr).toMatch(encryption)
      expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(3)
      expect(stdout).toContain('BEGIN PRIVATE KEY')
      expect(stdout.match(/friendlyName: rsa2048/g)).toHaveLength(2)
      expect(stdout.match(/localKeyID:/g)).toHaveLength(2)
      expect(exitCode).toBe(0)
    },
  )

  test.each(keyTypes)(
    'takes key and certificate of a %s file, and they belong together',
    async (keyType) => {
      const path = await issue(keyType, 'modern')
      const from = ['pkcs12', '-in', path, '-passin', `file:${passwordFile}`, '-nodes']
      const key = await openssl.run([...from, '-nocerts'])
      const certificate = await openssl.run([...from, '-clcerts', '-nokeys'])
      const ofKey = await openssl.run(['pkey', '-pubout'], { input: key.stdout })
      const ofCertificate = await openssl.run(['x509', '-noout', '-pubkey'], {
        input: certificate.stdout,
      })
      expect(ofKey.stdout).toContain('BEGIN PUBLIC KEY')
      expect(ofCertificate.stdout).toBe(ofKey.stdout)
    },
  )

  test('refuses a wrong password', async () => {
    const path = await issue('ec-p256', 'modern')
    const { exitCode, stderr } = await openssl.run([
      'pkcs12',
      '-in',
      path,
      '-nodes',
      '-passin',
      'pass:another one',
    ])
    expect(exitCode).not.toBe(0)
    expect(stderr).toMatch(/mac verify|invalid password/i)
  })

  test('opens the encrypted key of a PEM file', async () => {
    const path = await issue('ec-p256', 'pem')
    const key = await openssl.run([
      'pkey',
      '-in',
      path,
      '-passin',
      `file:${passwordFile}`,
      '-noout',
      '-text',
    ])
    expect(key.stdout).toContain('256 bit')
    const plain = await openssl.run(['pkey', '-in', path, '-passin', 'pass:wrong one', '-noout'])
    expect(plain.exitCode).not.toBe(0)
  })
})

describe.skipIf(keytool.missing)('keytool', () => {
  test.each([
    ['rsa2048', 'modern'],
    ['rsa2048', 'compat'],
    ['ec-p256', 'modern'],
    ['ec-p256', 'compat'],
  ] as const)('opens a %s key in a %s file, with a chain of three', async (keyType, format) => {
    const path = await issue(keyType, format)
    const { exitCode, stdout } = await keytool.run([
      '-list',
      '-v',
      '-storetype',
      'PKCS12',
      '-keystore',
      path,
      '-storepass:file',
      passwordFile,
    ])
    expect(stdout).toContain('Entry type: PrivateKeyEntry')
    expect(stdout).toContain('Certificate chain length: 3')
    expect(stdout).toContain(`Alias name: ${keyType} ${format}`)
    expect(stdout).toContain('Owner: CN=Dev Root CA, O=Twinlatch, C=DE')
    expect(exitCode).toBe(0)
  })

  test('can use the key: it signs a request with it', async () => {
    const path = await issue('ec-p256', 'modern')
    const { exitCode, stdout } = await keytool.run([
      '-certreq',
      '-alias',
      'ec-p256 modern',
      '-storetype',
      'PKCS12',
      '-keystore',
      path,
      '-storepass:file',
      passwordFile,
    ])
    expect(stdout).toContain('BEGIN NEW CERTIFICATE REQUEST')
    expect(exitCode).toBe(0)
  })
})
