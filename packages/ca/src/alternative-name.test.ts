import {
  buildName,
  createKeySigner,
  generateKeyPair,
  issueCertificate,
  newSerial,
} from '@twinlatch/pki'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AlternativeName, alternativeNameFault } from './alternative-name.ts'

type Case = [AlternativeName['type'], string]

describe('allowed', () => {
  test.each<Case>([
    ['dns', 'localhost'],
    ['dns', 'httpbin-x509.mtls.localhost'],
    ['dns', '*.mtls.localhost'],
    ['dns', 'xn--mnchen-3ya.example'],
    ['dns', `${'a'.repeat(63)}.example`],
    ['ip', '127.0.0.1'],
    ['ip', '::1'],
    ['uri', 'spiffe://cluster.local/ns/quovadis/sa/httpbin'],
    ['uri', 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ['email', 'jane.doe@example.com'],
  ])('%s %s', (type, value) => {
    expect(alternativeNameFault({ type, value })).toBeNull()
  })
})

describe('refused', () => {
  test.each<Case>([
    ['dns', ''],
    ['dns', 'Localhost'],
    ['dns', 'a..b'],
    ['dns', '-a.example'],
    ['dns', 'a.example.'],
    ['dns', 'a_b.example'],
    ['dns', 'münchen.example'],
    ['dns', `${'a'.repeat(64)}.example`],
    ['dns', Array(64).fill('aaa').join('.')],
    ['dns', '*'],
    ['dns', '*.localhost'],
    ['dns', 'a.*.example'],
    ['dns', 'a*.mtls.example'],
    ['dns', '**.mtls.example'],
    ['dns', '127.0.0.1'],
    ['dns', 'a\0.example'],
    ['dns', 'a,dns:b'],
    ['ip', 'localhost'],
    ['ip', '127.0.0.1/8'],
    ['ip', 'fe80::1%eth0'],
    ['uri', 'no-scheme'],
    ['uri', 'https://a b'],
    ['uri', 'https://é'],
    ['uri', `https:${'a'.repeat(2048)}`],
    ['email', 'nobody'],
    ['email', 'a b@c'],
    ['email', 'a@@c'],
  ])('%s %j', (type, value) => {
    expect(alternativeNameFault({ type, value })).not.toBeNull()
  })
})

test('what is allowed can be signed, and reads back as it was ordered', async () => {
  const key = await generateKeyPair('ec-p256')
  const signer = createKeySigner(key.privateKey)
  const of = <T extends AlternativeName['type']>(type: T, values: fc.Arbitrary<string>) =>
    values.map((value) => ({ type, value }))
  const name = fc.oneof(
    of('dns', fc.domain()),
    of(
      'dns',
      fc.domain().map((domain) => `*.${domain}`),
    ),
    of('uri', fc.webUrl()),
    of('email', fc.emailAddress()),
    of('ip', fc.ipV4()),
    of('dns', fc.string()),
    of(
      'uri',
      fc.string().map((text) => `urn:${text}`),
    ),
    of('ip', fc.ipV6()),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 5 }), async (names) => {
      const subjectAltNames = names.filter((one) => alternativeNameFault(one) === null)
      const certificate = await issueCertificate(
        {
          subject: buildName([{ type: 'CN', value: 'a' }]),
          publicKey: key.publicKey,
          serial: newSerial(),
          notBefore: new Date('2026-01-01T00:00:00Z'),
          notAfter: new Date('2027-01-01T00:00:00Z'),
          keyUsage: ['digitalSignature'],
          subjectAltNames,
        },
        'self',
        signer,
      )
      const types = certificate.subjectAltNames.map(({ type }) => type)
      expect(types).toEqual(subjectAltNames.map(({ type }) => type))
      for (const [index, { type, value }] of subjectAltNames.entries()) {
        if (type !== 'ip') expect(certificate.subjectAltNames[index]?.value).toBe(value)
      }
    }),
  )
})

test('no text hangs or throws, and what is allowed is visible ASCII', () => {
  const type = fc.constantFrom<AlternativeName['type']>('dns', 'uri', 'email', 'ip')
  fc.assert(
    fc.property(type, fc.string({ unit: 'binary', maxLength: 300 }), (kind, value) => {
      const fault = alternativeNameFault({ type: kind, value })
      if (fault === null) expect(value).toMatch(/^[\x21-\x7e]+$/)
    }),
  )
})
