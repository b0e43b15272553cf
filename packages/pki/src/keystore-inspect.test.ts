import type { KeyObject } from 'node:crypto'
import { createTestAuthority, type TestCertificate } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import { encodeDer, readDer } from './der.ts'
import { bitString, explicit, sequence } from './der-write.ts'
import { issueCertificate } from './issue.ts'
import { generateKeyPair } from './key.ts'
import { findingTitles } from './keystore-finding.ts'
import { inspectKeystore, type KeystoreReport } from './keystore-inspect.ts'
import { renderKeystoreReport } from './keystore-render.ts'
import { buildName } from './name-build.ts'
import { encodePem } from './pem.ts'
import { writePem } from './pem-write.ts'
import { writePkcs12 } from './pkcs12-write.ts'
import { newSerial } from './serial.ts'
import { createKeySigner } from './signer.ts'

const password = 'correct horse battery'
const now = new Date('2030-01-01T00:00:00Z')
const dayMs = 86_400_000
const nothing = new Uint8Array()
const inDays = (days: number) => new Date(now.getTime() + days * dayMs)

describe('inspecting a keystore', () => {
  let leaf: TestCertificate
  let root: Certificate
  let chain: readonly Certificate[]
  let file: Uint8Array

  beforeAll(async () => {
    const authority = await createTestAuthority({ name: 'Inspect', now })
    leaf = await authority.issue({ subject: 'CN=client,O=Twinlatch,C=DE' })
    root = authority.root
    chain = [...leaf.chain, root]
    file = await leaf.toPkcs12(password)
  })

  const pem = (...certificates: (Certificate | undefined)[]) =>
    certificates.map((one) => (one ? encodePem('CERTIFICATE', one.raw) : '')).join('')
  const inspectPem = (text: string, fileName = 'a.pem', time = now) =>
    inspectKeystore(Buffer.from(text), { fileName, now: time })
  const codes = ({ findings }: KeystoreReport) => {
    // `help codes` must know whatever is reported.
    for (const { code } of findings) expect(findingTitles.has(code)).toBe(true)
    return findings.map(({ code }) => code)
  }

  test('says kind, protection, key, chain and names of a good file', async () => {
    const report = await inspectKeystore(file, { password, fileName: 'client.p12', now })
    expect(renderKeystoreReport(report)).toEqual([
      'client.p12   PKCS#12, certificates AES-256-CBC, key AES-256-CBC, MAC SHA-256 (10 000 rounds)',
      '  ℹ KST206  the root is in the file: harmless, it is not sent and need not be',
      '  key       EC P-256, matches certificate 1, alias test',
      '  1 leaf    CN=client,O=Twinlatch,C=DE                         until 2030-01-31 (30 days)   clientAuth',
      '  2 issuer  CN=Inspect Intermediate 1,O=Twinlatch Test,C=DE    until 2031-01-01',
      '  3 root    CN=Inspect Root,O=Twinlatch Test,C=DE              until 2031-01-01',
      '  DN        RFC 2253   CN=client,O=Twinlatch,C=DE',
      '            openssl 3  C = DE, O = Twinlatch, CN = client',
      '            slash      /C=DE/O=Twinlatch/CN=client',
    ])
    expect(report).toMatchObject({ kind: 'pkcs12', opened: true, password: 'right' })
  })

  test('without a password it tells what shows, and asks for it', async () => {
    const report = await inspectKeystore(file, { fileName: 'client.p12', now })
    expect(report).toMatchObject({
      opened: false,
      password: 'missing',
      description:
        'PKCS#12, certificates AES-256-CBC, key AES-256-CBC, MAC SHA-256 (10 000 rounds)',
      findings: [{ code: 'KST202', level: 'warn' }],
      certificates: [],
    })
  })

  test('a wrong password is said plainly', async () => {
    const report = await inspectKeystore(file, { password: 'incorrect', now })
    expect(report).toMatchObject({ opened: false, password: 'wrong' })
    expect(report.findings[0]).toMatchObject({
      ...{ code: 'KST202', level: 'error' },
      text: expect.stringContaining('wrong password'),
    })
  })

  test('an encrypted key does not hide the certificates of a PEM file', async () => {
    const text = await writePem({ privateKey: leaf.privateKey, chain, password })
    const report = await inspectPem(text)
    expect(report).toMatchObject({ opened: false, password: 'missing', keys: [] })
    expect(report.certificates.map(({ role }) => role)).toEqual(['leaf', 'issuer', 'root'])
  })

  test('old encryption is named', async () => {
    const report = await inspectKeystore(await leaf.toPkcs12(password, 'compat'), { password, now })
    expect(report.description).toBe(
      'PKCS#12, certificates 3DES, key 3DES, MAC SHA-1 (10 000 rounds)',
    )
    expect(codes(report)).toContain('KST201')
  })

  test('a damaged file is called damaged', async () => {
    const report = await inspectKeystore(file.subarray(0, 500), { password, now })
    expect(report).toMatchObject({ kind: 'pkcs12', opened: false })
    expect(report.findings).toMatchObject([{ code: 'KST211', level: 'error' }])
  })

  test.each(['30020600', '300406028080', '3003060188'])(
    'a file that only begins like one of ours (%s) is a report, not an error',
    async (hex) => {
      const report = await inspectKeystore(Buffer.from(hex, 'hex'), { now })
      expect(report).toMatchObject({ opened: false, findings: [{ level: 'error' }] })
    },
  )

  test('a kind that is not read comes with its conversion', async () => {
    const jks = Buffer.from('feedfeed00000002', 'hex')
    const report = await inspectKeystore(jks, { fileName: 'a.jks', now })
    expect(report.findings).toMatchObject([
      { code: 'KST212', level: 'error', cure: expect.stringContaining('keytool -importkeystore') },
    ])
  })

  test.each([
    ['a.pem', false],
    ['a.pfx', true],
    ['A.P12', true],
    ['without-extension', false],
    ['a.jks', true],
  ])('PEM text in a file called %s: KST208 is %s', async (fileName, found) => {
    const report = await inspectPem(pem(...chain), fileName)
    expect(codes(report).includes('KST208')).toBe(found)
  })

  test.each([
    ['leaf first', [0, 1, 2], []],
    ['leaf last', [1, 2, 0], ['KST204']],
    ['root before intermediate', [0, 2, 1], ['KST204']],
  ])('the order of a PEM chain, %s', async (_, order, expected) => {
    const text = leaf.privateKeyPem + pem(...order.map((index) => chain[index]))
    const report = await inspectPem(text)
    expect(codes(report).filter((code) => code === 'KST204')).toEqual(expected)
  })

  test('a leaf alone lacks its issuer; with its issuer only the root is missing, which is fine', async () => {
    const alone = await inspectPem(leaf.privateKeyPem + pem(chain[0]))
    expect(codes(alone)).toContain('KST205')
    expect(alone.missingIssuer).toMatchObject({ likelyRoot: false })
    const usual = await inspectPem(leaf.privateKeyPem + pem(chain[0], chain[1]))
    expect(codes(usual)).not.toContain('KST205')
    expect(usual.missingIssuer).toEqual({
      subject: 'CN=Inspect Root,O=Twinlatch Test,C=DE',
      likelyRoot: true,
    })
    expect(renderKeystoreReport(usual).join('\n')).toContain('– root    CN=Inspect Root')
  })

  test('a foreign key is an error', async () => {
    const { privateKey } = await generateKeyPair('ec-p256')
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const report = await inspectPem(key + pem(...chain))
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'KST203', level: 'error' }),
    )
    expect(report.keys).toEqual([{ key: 'EC P-256', alias: null, certificate: null }])
  })

  test('a key whose public half is no point of its curve is no key', async () => {
    const { privateKey } = await generateKeyPair('ec-p256')
    const { children } = readDer(privateKey.export({ type: 'pkcs8', format: 'der' }))
    const [version, algorithm, octets] = children.map(({ raw }) => raw)
    const [one, scalar] = readDer(readDer(octets ?? nothing).content).children
    const infinity = explicit(1, bitString(Uint8Array.of(0)))
    const inner = encodeDer(0x04, sequence(one?.raw ?? nothing, scalar?.raw ?? nothing, infinity))
    const key = sequence(version ?? nothing, algorithm ?? nothing, inner)
    const report = await inspectPem(encodePem('PRIVATE KEY', key) + pem(...chain))
    expect(report.opened).toBe(false)
    expect(codes(report)).toContain('KST211')
  })

  test('several keys are an information', async () => {
    const report = await inspectPem(leaf.privateKeyPem.repeat(2) + pem(...chain))
    expect(codes(report)).toContain('KST210')
  })

  describe('judges certificates by the time of the report', () => {
    let keys: { privateKey: KeyObject; publicKey: KeyObject }

    beforeAll(async () => {
      keys = await generateKeyPair('ec-p256')
    })

    const selfSigned = (
      from: number,
      to: number,
      extendedKeyUsage: string[] = ['clientAuth'],
    ): Promise<Certificate> =>
      issueCertificate(
        {
          subject: buildName([{ type: 'CN', value: 'client' }]),
          publicKey: keys.publicKey,
          serial: newSerial(),
          notBefore: inDays(from),
          notAfter: inDays(to),
          keyUsage: ['digitalSignature'],
          ...(extendedKeyUsage.length > 0 ? { extendedKeyUsage } : {}),
        },
        'self',
        createKeySigner(keys.privateKey),
      )

    test.each([
      ['in the middle of its life', -100, 100, ['clientAuth'], []],
      ['ended', -100, -1, ['clientAuth'], ['CRT101']],
      ['ending in 30 days', -300, 30, ['clientAuth'], ['CRT102']],
      ['ending in 31 days', -300, 31, ['clientAuth'], []],
      ['short-lived, past half of its life', -2, 1, ['clientAuth'], ['CRT102']],
      ['short-lived, before half of its life', -1, 2, ['clientAuth'], []],
      ['not begun', 1, 100, ['clientAuth'], ['CRT103']],
      ['for servers only', -100, 100, ['serverAuth'], ['CRT104']],
      ['without a purpose', -100, 100, [], ['CRT104']],
      ['for both purposes', -100, 100, ['clientAuth', 'serverAuth'], ['CRT105']],
    ])('%s', async (_, from, to, usage, expected) => {
      const report = await inspectPem(pem(await selfSigned(from, to, usage)))
      expect(codes(report)).toEqual(expected)
    })

    test('two certificates of one subject and different keys', async () => {
      const first = await selfSigned(-100, 100)
      keys = await generateKeyPair('ec-p256')
      const report = await inspectPem(pem(first, await selfSigned(-100, 100)))
      expect(codes(report)).toEqual(['CRT108'])
    })
  })

  test('a name that could harm a terminal is printed harmlessly', async () => {
    const report = await inspectKeystore(file, { password, fileName: 'a\u001b[2J\u202e.p12', now })
    expect(report.fileName).toBe(String.raw`a\u{1b}[2J\u{202e}.p12`)
  })

  test('plain ASCII marks for terminals without UTF-8', async () => {
    const order = { privateKey: leaf.privateKey, chain, password, friendlyName: 'a' }
    const report = await inspectKeystore(await writePkcs12({ ...order, flavour: 'compat' }), {
      password,
      now,
    })
    expect(renderKeystoreReport(report, { ascii: true }).join('')).toMatch(/^[\x20-\x7e]*$/)
  })
})
