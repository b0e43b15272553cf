import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import { encodeDer } from './der.ts'
import { sequence } from './der-write.ts'
import { type CertificateTemplate, issueCertificate } from './issue.ts'
import { generateKeyPair, type KeyPair } from './key.ts'
import { buildName, nameFromValues } from './name-build.ts'
import { newSerial } from './serial.ts'
import { createKeySigner, type Signer } from './signer.ts'

const day = 86_400_000
const now = new Date('2026-11-24T10:00:00Z')
const named = (value: string) =>
  buildName([
    { type: 'C', value: 'DE' },
    { type: 'CN', value },
  ])

let authorityKeys: KeyPair
let leafKeys: KeyPair
let root: Certificate
let signer: Signer

function leafTemplate(): CertificateTemplate {
  return {
    subject: named('poster (P000000)'),
    publicKey: leafKeys.publicKey,
    serial: newSerial(),
    notBefore: now,
    notAfter: new Date(now.getTime() + day),
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['clientAuth'],
  }
}

function rootTemplate(): CertificateTemplate {
  return {
    subject: named('Dev Root CA'),
    publicKey: authorityKeys.publicKey,
    serial: newSerial(),
    notBefore: now,
    notAfter: new Date(now.getTime() + 10 * day),
    ca: {},
    keyUsage: ['keyCertSign', 'cRLSign'],
  }
}

beforeAll(async () => {
  authorityKeys = await generateKeyPair('ec-p384')
  leafKeys = await generateKeyPair('ec-p256')
  signer = createKeySigner(authorityKeys.privateKey)
  root = await issueCertificate(rootTemplate(), 'self', signer)
})

describe('a root', () => {
  test('is an authority with critical constraints and usage, without AKI', () => {
    expect(root.basicConstraints).toEqual({ ca: true, pathLength: null })
    expect(root.keyUsage).toEqual(['keyCertSign', 'cRLSign'])
    expect(root.extensions.filter(({ critical }) => critical)).toHaveLength(2)
    expect(root.subjectKeyId).toMatch(/^[0-9a-f]{40}$/)
    expect(root.authorityKeyId).toBeNull()
    expect(root.selfIssued).toBe(true)
  })
})

describe('a leaf', () => {
  test('copies the issuer by bytes and its key identifier, whatever string types it has', async () => {
    const oddSubject = nameFromValues([
      [{ oid: '2.5.4.3', der: encodeDer(0x14, Buffer.from('M\xfcller', 'latin1')) }],
    ])
    const odd = await issueCertificate({ ...rootTemplate(), subject: oddSubject }, 'self', signer)
    const leaf = await issueCertificate(leafTemplate(), { certificate: odd }, signer)
    expect(Buffer.compare(leaf.issuer.raw, odd.subject.raw)).toBe(0)
    expect(leaf.authorityKeyId).toBe(odd.subjectKeyId)
  })

  test('has CA:FALSE as an empty sequence, and the usages it was ordered with', async () => {
    const leaf = await issueCertificate(leafTemplate(), { certificate: root }, signer)
    const constraints = leaf.extensions.find(({ oid }) => oid === '2.5.29.19')
    expect(constraints?.critical).toBe(true)
    expect(Buffer.from(constraints?.value ?? []).toString('hex')).toBe('3000')
    expect(leaf.keyUsage).toEqual(['digitalSignature'])
    expect(leaf.extendedKeyUsage).toEqual(['clientAuth'])
    expect(new X509Certificate(leaf.raw).checkIssued(new X509Certificate(root.raw))).toBe(true)
  })

  test('writes every kind of alternative name', async () => {
    const subjectAltNames = [
      { type: 'dns', value: '*.mtls.localhost' },
      { type: 'uri', value: 'spiffe://example/ns/a' },
      { type: 'email', value: 'a@b.c' },
      { type: 'ip', value: '127.0.0.1' },
      { type: 'ip', value: '2001:db8::1:0:0:1' },
      { type: 'ip', value: '::ffff:192.0.2.1' },
    ] as const
    const order = { ...leafTemplate(), subjectAltNames }
    const leaf = await issueCertificate(order, { certificate: root }, signer)
    expect(leaf.subjectAltNames.map(({ value }) => value)).toEqual([
      '*.mtls.localhost',
      'spiffe://example/ns/a',
      'a@b.c',
      '127.0.0.1',
      '2001:db8::1:0:0:1',
      '::ffff:c000:201',
    ])
  })

  test('without a subject has critical alternative names', async () => {
    const order: CertificateTemplate = {
      ...leafTemplate(),
      subject: buildName([]),
      subjectAltNames: [{ type: 'dns', value: 'a.example' }],
    }
    const leaf = await issueCertificate(order, { certificate: root }, signer)
    expect(leaf.extensions.find(({ oid }) => oid === '2.5.29.17')?.critical).toBe(true)
  })

  test('may end with its issuer, to the second', async () => {
    const notAfter = new Date(root.notAfter.getTime() + 999)
    const order = { ...leafTemplate(), notAfter }
    const leaf = await issueCertificate(order, { certificate: root }, signer)
    expect(leaf.notAfter).toEqual(root.notAfter)
  })
})

test.each([
  ['rsa2048', 'sha256WithRSAEncryption', '300d06092a864886f70d01010b0500'],
  ['ec-p256', 'ecdsa-with-SHA256', '300a06082a8648ce3d040302'],
  ['ec-p384', 'ecdsa-with-SHA384', '300a06082a8648ce3d040303'],
  ['ed25519', 'ED25519', '300506032b6570'],
] as const)('an authority with %s signs with %s', async (type, name, identifier) => {
  const { privateKey, publicKey } = await generateKeyPair(type)
  const own = createKeySigner(privateKey)
  expect(Buffer.from(own.algorithm.identifier).toString('hex')).toBe(identifier)
  const certificate = await issueCertificate({ ...rootTemplate(), publicKey }, 'self', own)
  expect(certificate.signatureAlgorithm).toBe(name)
})

describe('refused', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey

  test.each<[string, string, () => Partial<CertificateTemplate>]>([
    ['a weak key', 'pki/weak-key', () => ({ publicKey: weak })],
    ['serial zero', 'pki/profile-forbids', () => ({ serial: '00' })],
    ['a serial of 21 octets', 'pki/profile-forbids', () => ({ serial: `01${'00'.repeat(20)}` })],
    [
      'a serial of 20 octets with the top bit',
      'pki/profile-forbids',
      () => ({ serial: 'ff'.repeat(20) }),
    ],
    ['an end before the beginning', 'pki/profile-forbids', () => ({ notAfter: new Date(0) })],
    [
      'a leaf that signs certificates',
      'pki/profile-forbids',
      () => ({ keyUsage: ['keyCertSign'] }),
    ],
    ['an unknown key usage', 'pki/profile-forbids', () => ({ keyUsage: ['sign'] })],
    ['no key usage', 'pki/profile-forbids', () => ({ keyUsage: [] })],
    ['an unknown extended usage', 'pki/profile-forbids', () => ({ extendedKeyUsage: ['tls'] })],
    ['no name at all', 'pki/profile-forbids', () => ({ subject: buildName([]) })],
    [
      'an extension twice',
      'pki/profile-forbids',
      () => ({ extensions: [{ oid: '2.5.29.14', critical: false, value: sequence() }] }),
    ],
    [
      'a wrong DNS name',
      'pki/name-forbidden',
      () => ({ subjectAltNames: [{ type: 'dns', value: 'a..b' }] }),
    ],
    [
      'a URI with a line end',
      'pki/name-forbidden',
      () => ({ subjectAltNames: [{ type: 'uri', value: 'spiffe://a\r\nb' }] }),
    ],
    [
      'an address that is none',
      'pki/name-forbidden',
      () => ({ subjectAltNames: [{ type: 'ip', value: '1.2.3' }] }),
    ],
    [
      'a life longer than the issuer has',
      'pki/validity-beyond-issuer',
      () => ({ notAfter: new Date(root.notAfter.getTime() + 1000) }),
    ],
  ])('%s', async (_, code, change) => {
    const order = { ...leafTemplate(), ...change() }
    await expect(issueCertificate(order, { certificate: root }, signer)).rejects.toMatchObject({
      code,
    })
  })

  test("a signer that is not the issuer's", async () => {
    const stranger = createKeySigner((await generateKeyPair('ec-p384')).privateKey)
    await expect(
      issueCertificate(leafTemplate(), { certificate: root }, stranger),
    ).rejects.toMatchObject({ code: 'pki/key-mismatch' })
  })

  test('an issuer that is no authority, or may have none below it', async () => {
    const leaf = await issueCertificate(
      { ...leafTemplate(), publicKey: authorityKeys.publicKey },
      { certificate: root },
      signer,
    )
    await expect(
      issueCertificate(leafTemplate(), { certificate: leaf }, signer),
    ).rejects.toMatchObject({ code: 'pki/profile-forbids' })
    const last = await issueCertificate(
      { ...rootTemplate(), ca: { pathLength: 0 } },
      'self',
      signer,
    )
    await expect(
      issueCertificate({ ...rootTemplate(), notAfter: now }, { certificate: last }, signer),
    ).rejects.toMatchObject({ code: 'pki/profile-forbids' })
  })

  test('what a broken signer signed is never released', async () => {
    const broken: Signer = { ...signer, sign: async () => new Uint8Array(70) }
    await expect(
      issueCertificate(leafTemplate(), { certificate: root }, broken),
    ).rejects.toMatchObject({ code: 'pki/self-check-failed' })
  })
})
