import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { writePem, writePkcs12 } from '@twinlatch/pki'
import {
  createTemporaryDirectory,
  createTestAuthority,
  requireTool,
  type TemporaryDirectory,
} from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const keytool = requireTool('keytool')
const certtool = requireTool('certtool')
const pk12util = requireTool('pk12util')
const password = `all of ASCII: "'$\\&|;~`
// Certificates begin and end on whole seconds.
const now = new Date(Math.floor(Date.now() / 1000) * 1000)

const flavours = [
  ['modern', 'rsa2048'],
  ['modern', 'ec-p256'],
  ['compat', 'rsa2048'],
  ['compat', 'ec-p256'],
] as const

let directory: TemporaryDirectory
const files = new Map<string, { path: string; bytes: Uint8Array; pem: string }>()

beforeAll(async () => {
  directory = await createTemporaryDirectory()
  const authority = await createTestAuthority({ name: 'Writer', now })
  for (const [flavour, keyType] of flavours) {
    const leaf = await authority.issue({ subject: 'CN=poster (P000000),O=Twinlatch,C=DE', keyType })
    const chain = [...leaf.chain, authority.root]
    const order = { privateKey: leaf.privateKey, chain, password }
    const bytes = await writePkcs12({ ...order, friendlyName: 'Poster', flavour })
    const path = join(directory.path, `${flavour}-${keyType}.p12`)
    await writeFile(path, bytes)
    files.set(`${flavour} ${keyType}`, { path, bytes, pem: await writePem(order) })
  }
})

afterAll(async () => directory?.remove())

const fileOf = (flavour: string, keyType: string) => {
  const file = files.get(`${flavour} ${keyType}`)
  if (!file) throw new Error(`no file ${flavour} ${keyType}`)
  return file
}
const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0

describe.skipIf(openssl.missing).each(flavours)('openssl opens our %s file with %s', (...kind) => {
  test('and lists MAC, three certificates, shrouded key, name and id', async () => {
    const info = await openssl.run(
      ['pkcs12', '-info', '-in', fileOf(...kind).path, '-nodes', '-passin', 'env:P12_PASSWORD'],
      { env: { P12_PASSWORD: password } },
    )
    expect(info, info.stderr).toMatchObject({ exitCode: 0 })
    const text = info.stderr + info.stdout
    const mac = kind[0] === 'modern' ? 'sha256' : 'sha1'
    expect(text).toMatch(new RegExp(`MAC: ${mac}, Iteration 10000`, 'i'))
    expect(text).toContain('Shrouded Keybag')
    expect(count(text, /^Certificate bag$/gm)).toBe(3)
    // On key and leaf, and on nothing else.
    expect(count(text, /friendlyName: Poster/g)).toBe(2)
    expect(count(text, /localKeyID: /g)).toBe(2)
    const ids = new Set(text.match(/localKeyID: [0-9A-F ]+/g)?.map((id) => id.trim()))
    expect(ids.size).toBe(1)
    expect(text.indexOf('Certificate bag')).toBeLessThan(text.indexOf('Shrouded Keybag'))
    const subjects = [...text.matchAll(/^subject=.*CN ?= ?(.*)$/gm)].map(([, name]) => name)
    expect(subjects).toEqual(['poster (P000000)', 'Writer Intermediate 1', 'Writer Root'])
  })

  test('and splits it into key and certificates that belong together', async () => {
    const options = { env: { P12_PASSWORD: password } }
    const from = ['pkcs12', '-in', fileOf(...kind).path, '-passin', 'env:P12_PASSWORD']
    const key = await openssl.run([...from, '-nodes', '-nocerts'], options)
    const leaf = await openssl.run([...from, '-nokeys', '-clcerts'], options)
    const ofKey = await openssl.run(['pkey', '-pubout'], { input: key.stdout })
    const ofLeaf = await openssl.run(['x509', '-noout', '-pubkey'], { input: leaf.stdout })
    expect(ofKey.stdout).toContain('BEGIN PUBLIC KEY')
    expect(ofLeaf.stdout).toBe(ofKey.stdout)
  })

  test('and our encrypted PEM as well', async () => {
    const pkey = await openssl.run(['pkey', '-noout', '-text', '-passin', 'env:P12_PASSWORD'], {
      input: fileOf(...kind).pem,
      env: { P12_PASSWORD: password },
    })
    expect(pkey, pkey.stderr).toMatchObject({ exitCode: 0 })
  })
})

describe.skipIf(keytool.missing).each(flavours)('keytool opens our %s file with %s', (...kind) => {
  test('as one private key entry with a chain of three', async () => {
    const list = await keytool.run(
      ['-list', '-v', '-keystore', fileOf(...kind).path, '-storepass:env', 'P12_PASSWORD'],
      { env: { P12_PASSWORD: password } },
    )
    expect(list, list.stdout).toMatchObject({ exitCode: 0 })
    expect(list.stdout).toContain('Your keystore contains 1 entry')
    expect(list.stdout).toContain('Entry type: PrivateKeyEntry')
    expect(list.stdout).toContain('Certificate chain length: 3')
    expect(list.stdout).toContain('Alias name: poster')
  })
})

describe.skipIf(certtool.missing).each(flavours)(
  'certtool opens our %s file with %s',
  (...kind) => {
    test('and checks its MAC', async () => {
      const info = await certtool.run([
        ...['--p12-info', '--inder', '--infile', fileOf(...kind).path, '--password', password],
      ])
      const text = info.stdout + info.stderr
      expect(info, text).toMatchObject({ exitCode: 0 })
      expect(text).toMatch(/Iteration count: 10000/)
      expect(count(text, /Type: Certificate/g)).toBe(3)
      expect(text).toContain('Friendly name: Poster')
      expect(text).not.toMatch(/error/i)
    })
  },
)

describe.skipIf(pk12util.missing).each(flavours)(
  'pk12util opens our %s file with %s',
  (...kind) => {
    test('and finds the certificate that has the private key', async () => {
      const list = await pk12util.run(['-l', fileOf(...kind).path, '-W', password])
      expect(list, list.stderr).toMatchObject({ exitCode: 0 })
      expect(list.stdout).toContain('Certificate(has private key)')
      expect(count(list.stdout, /^Certificate/gm)).toBe(3)
      expect(list.stdout).toContain('Friendly Name: Poster')
    })
  },
)

describe.each(flavours)('node opens our %s file with %s', (...kind) => {
  test('as pfx of a TLS context', () => {
    const pfx = Buffer.from(fileOf(...kind).bytes)
    expect(() => createSecureContext({ pfx, passphrase: password })).not.toThrow()
    expect(() => createSecureContext({ pfx, passphrase: 'incorrect' })).toThrow(/mac verify/)
  })
})
