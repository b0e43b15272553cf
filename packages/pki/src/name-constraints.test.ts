import { describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import { verifyChain } from './chain.ts'
import { encodeDer } from './der.ts'
import { sequence } from './der-write.ts'
import { encodeGeneralName, type SubjectAltNameOrder } from './general-name.ts'
import { type CertificateTemplate, issueCertificate } from './issue.ts'
import { generateKeyPair } from './key.ts'
import { parseDistinguishedName } from './name-parse.ts'
import { matchesDns, matchesEmail, matchesIp, matchesUri } from './name-subtree.ts'
import { newSerial } from './serial.ts'
import { createKeySigner } from './signer.ts'

describe('subtrees (RFC 5280 section 4.2.1.10)', () => {
  test.each([
    ['example.com', 'example.com', true],
    ['a.b.Example.COM.', 'example.com', true],
    ['badexample.com', 'example.com', false],
    ['example.com', 'a.example.com', false],
    ['a.example.com', '.example.com', true],
    ['example.com', '.example.com', false],
    ['anything', '', true],
  ])('DNS name %s in %s: %s', (name, base, inside) => {
    expect(matchesDns(name, base, 'permitted')).toBe(inside)
    expect(matchesDns(name, base, 'excluded')).toBe(inside)
  })

  test('a wildcard is excluded when one of its names is', () => {
    expect(matchesDns('*.example.com', 'secret.example.com', 'excluded')).toBe(true)
    expect(matchesDns('*.example.com', 'secret.example.com', 'permitted')).toBe(false)
    expect(matchesDns('*.example.com', 'a.b.example.com', 'excluded')).toBe(false)
  })

  test.each([
    ['a@Example.com', 'example.com', true],
    ['a@x.example.com', 'example.com', false],
    ['a@x.example.com', '.example.com', true],
    ['a@example.com', 'a@example.com', true],
    ['A@example.com', 'a@example.com', false],
    ['nobody', 'example.com', null],
  ])('mailbox %s in %s: %s', (name, base, inside) => {
    expect(matchesEmail(name, base)).toBe(inside)
  })

  test.each([
    ['https://example.com/x', 'example.com', true],
    ['spiffe://user@a.example.com:443', '.example.com', true],
    ['https://a.example.com', 'example.com', false],
    ['https://evil.com/@example.com', 'example.com', false],
    ['https://192.0.2.1/', 'example.com', null],
    ['https://[::1]/', 'example.com', null],
    ['urn:x', 'example.com', null],
  ])('URI %s in %s: %s', (name, base, inside) => {
    expect(matchesUri(name, base)).toBe(inside)
  })

  test('an address lies in a network by its mask, of its own family only', () => {
    const network = Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0)
    expect(matchesIp(Uint8Array.of(10, 9, 8, 7), network)).toBe(true)
    expect(matchesIp(Uint8Array.of(11, 0, 0, 0), network)).toBe(false)
    expect(matchesIp(new Uint8Array(16), network)).toBe(false)
  })
})

describe('in a chain', () => {
  const now = new Date('2026-11-24T10:00:00Z')

  interface Case {
    readonly permitted?: readonly Uint8Array[]
    readonly excluded?: readonly Uint8Array[]
    readonly subject?: string
    readonly names?: readonly SubjectAltNameOrder[]
    readonly value?: Uint8Array
  }

  const dns = (value: string) => encodeGeneralName({ type: 'dns', value })
  const directory = (text: string) => encodeDer(0xa4, parseDistinguishedName(text).name.raw)

  async function verdict(given: Case): Promise<string> {
    const keys = await generateKeyPair('ec-p256')
    const signer = createKeySigner(keys.privateKey)
    const common = {
      publicKey: keys.publicKey,
      notBefore: now,
      notAfter: new Date('2027-11-24T10:00:00Z'),
    }
    const list = (tag: number, subtrees: readonly Uint8Array[] = []) =>
      subtrees.length === 0 ? [] : [encodeDer(tag, ...subtrees.map((base) => sequence(base)))]
    const value =
      given.value ?? sequence(...list(0xa0, given.permitted), ...list(0xa1, given.excluded))
    const authority = (subject: string, extra: Partial<CertificateTemplate>) => ({
      ...common,
      subject: parseDistinguishedName(subject).name,
      serial: newSerial(),
      ca: {},
      keyUsage: ['keyCertSign'],
      ...extra,
    })
    const root = await issueCertificate(
      authority('CN=Root,C=DE', { extensions: [{ oid: '2.5.29.30', critical: true, value }] }),
      'self',
      signer,
    )
    const leafKeys = await generateKeyPair('ec-p256')
    const leaf = await issueCertificate(
      {
        ...common,
        publicKey: leafKeys.publicKey,
        subject: parseDistinguishedName(given.subject ?? 'CN=leaf (P000000),O=Acme,C=DE').name,
        serial: newSerial(),
        keyUsage: ['digitalSignature'],
        subjectAltNames: given.names ?? [],
      },
      { certificate: root },
      signer,
    )
    return ask(leaf, root)
  }

  function ask(leaf: Certificate, root: Certificate): string {
    const question = { leaf, intermediates: [], anchors: [root], time: now } as const
    const result = verifyChain({ ...question, purpose: 'client' })
    return result.ok ? 'ok' : result.code
  }

  test.each<[string, Case, string]>([
    [
      'no alternative name, and a common name that may be a host',
      { permitted: [directory('C=DE')], subject: 'CN=leaf,C=DE' },
      'bad-constraints',
    ],
    [
      'a common name that is a host outside, beside alternative names of another kind',
      {
        permitted: [dns('example.com')],
        subject: 'CN=www.evil.com',
        names: [{ type: 'uri', value: 'https://a.test/' }],
      },
      'bad-constraints',
    ],
    ['no names of the kind', { permitted: [dns('example.com')] }, 'ok'],
    [
      'a permitted DNS name',
      { permitted: [dns('example.com')], names: [{ type: 'dns', value: 'a.example.com' }] },
      'ok',
    ],
    [
      'one of two DNS names outside',
      {
        permitted: [dns('example.com')],
        names: [
          { type: 'dns', value: 'a.example.com' },
          { type: 'dns', value: 'evil.com' },
        ],
      },
      'bad-constraints',
    ],
    [
      'an excluded name inside a permitted subtree',
      {
        permitted: [dns('example.com')],
        excluded: [dns('secret.example.com')],
        names: [{ type: 'dns', value: 'a.secret.example.com' }],
      },
      'bad-constraints',
    ],
    ['a permitted subject', { permitted: [directory('O=Acme,C=DE')] }, 'ok'],
    [
      'the same in other case, as RFC 5280 compares',
      { permitted: [directory('O=ACME,C=DE')] },
      'ok',
    ],
    [
      'a subject of another organisation',
      { permitted: [directory('O=Other,C=DE')] },
      'bad-constraints',
    ],
    [
      'a subject that merely holds the parts',
      { permitted: [directory('O=Acme')] },
      'bad-constraints',
    ],
    ['an excluded subject', { excluded: [directory('O=acme,C=DE')] }, 'bad-constraints'],
    [
      'an e-mail attribute of the subject',
      {
        excluded: [encodeDer(0x81, Buffer.from('evil.com'))],
        subject: 'emailAddress=a@evil.com,CN=x',
      },
      'bad-constraints',
    ],
    [
      'a URI without host',
      {
        permitted: [encodeDer(0x86, Buffer.from('example.com'))],
        names: [{ type: 'uri', value: 'urn:x' }],
      },
      'bad-constraints',
    ],
    [
      'a URI without host, against an excluded host',
      {
        excluded: [encodeDer(0x86, Buffer.from('example.com'))],
        names: [{ type: 'uri', value: 'urn:x' }],
      },
      'bad-constraints',
    ],
    [
      'an address outside',
      {
        permitted: [encodeDer(0x87, Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0))],
        names: [{ type: 'ip', value: '192.0.2.1' }],
      },
      'bad-constraints',
    ],
    [
      'an address without mask',
      { permitted: [encodeDer(0x87, Uint8Array.of(10, 0, 0, 0))] },
      'malformed',
    ],
    [
      'a subtree with distances',
      {
        value: sequence(
          encodeDer(0xa0, sequence(dns('example.com'), encodeDer(0x80, Uint8Array.of(1)))),
        ),
      },
      'malformed',
    ],
  ])('%s', async (_, given, code) => {
    expect(await verdict(given)).toBe(code)
  })
})
