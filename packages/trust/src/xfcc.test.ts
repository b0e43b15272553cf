import { readFile } from 'node:fs/promises'
import { decodePem } from '@twinlatch/pki'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { PeerIdentity } from './identity.ts'
import { identifyPeer } from './peer.ts'
import { meshHopElement, parseXfcc, writeXfccElement, type XfccDetail } from './xfcc.ts'

let poster: PeerIdentity
let posterPem: string

beforeAll(async () => {
  posterPem = await readFile(new URL('./testdata/poster.pem', import.meta.url), 'utf8')
  poster = identifyPeer(decodePem(posterPem).map(({ der }) => der))
})

const details = (...list: XfccDetail[]) => new Set(list)
const hash = '2a8bf31024bf2f0263541d111fb6f7e59d69966c59730af56fab0673f34f0b0c'
const subject = 'CN=poster (P000000),L=tenant-1,OU=Canary,OU=Cloud Clients,O=Example SE,C=DE'

test('the worked example is written as the specification prints it', () => {
  const element = writeXfccElement({
    by: [],
    identity: poster,
    details: details('Subject', 'Cert', 'URI', 'DNS'),
  })
  expect(element).toBe(
    `Hash=${hash};Cert="${poster.urlEncodedPem}";Subject="${subject}";` +
      'URI=spiffe://example/ns/a/sa/b;DNS=poster.example',
  )
})

test('only Hash is written when no detail is chosen', () => {
  expect(writeXfccElement({ by: [], identity: poster, details: details() })).toBe(`Hash=${hash}`)
})

test('By comes first, an empty URI stays, an absent DNS does not', () => {
  const bare = { ...poster, uriSans: [], dnsSans: [], subject: '' }
  expect(
    writeXfccElement({
      by: ['spiffe://a/b', 'spiffe://c,d'],
      identity: bare,
      details: details('Subject', 'URI', 'DNS'),
    }),
  ).toBe(`By=spiffe://a/b;By="spiffe://c,d";Hash=${hash};Subject="";URI=`)
})

test('the chain is written as the client sent it, leaf first', () => {
  const [der] = poster.chain
  const identity = { ...poster, chain: der ? [der, der] : [] }
  const [element] = parseXfcc(writeXfccElement({ by: [], identity, details: details('Chain') }))
  expect(element?.chain).toBe(posterPem + posterPem)
})

test('a SAN that spells a second element stays one quoted value', () => {
  const uri = 'spiffe://x/a,By=spiffe://admin;Hash=00;Subject="CN=admin"'
  const element = writeXfccElement({
    by: [],
    identity: { ...poster, uriSans: [uri] },
    details: details('URI'),
  })
  expect(element).toBe(
    `Hash=${hash};URI="spiffe://x/a,By=spiffe://admin;Hash=00;Subject=\\"CN=admin\\""`,
  )
  expect(parseXfcc(element)).toMatchObject([{ hash, by: [], subject: null, uri: [uri] }])
})

test('the mesh hop names the gateway and an empty subject', () => {
  const element = meshHopElement({
    workloadSpiffe: 'spiffe://cluster.local/ns/quovadis/sa/httpbin',
    gatewaySpiffe: 'spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
    gatewayCertificateSha256: '0'.repeat(64),
  })
  expect(element).toBe(
    `By=spiffe://cluster.local/ns/quovadis/sa/httpbin;Hash=${'0'.repeat(64)};Subject="";` +
      'URI=spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
  )
})

test('the subject is never unescaped', () => {
  const [element] = parseXfcc('hash=00;Subject="CN=a\\, O=b\\"c\\\\"')
  expect(element?.subject).toBe('CN=a\\, O=b\\"c\\\\')
})

test('Cert is percent-decoded, a URI is not', () => {
  const [element] = parseXfcc('Hash=00;Cert="a%0Ab%3D";URI=spiffe://a%2Cb;URI="x=\\"y\\\\z"')
  expect(element).toMatchObject({ cert: 'a\nb=', uri: ['spiffe://a%2Cb', 'x="y\\z'] })
})

test.each([
  ['an unknown key', 'Hash=00;Admin=yes'],
  ['a value without a key', 'admin'],
  ['a blank before a key', 'Hash=00, Hash=01'],
  ['Hash twice', 'Hash=00;Hash=01'],
  ['Subject twice in different case', 'Subject="a";subject="b"'],
  ['Cert twice', 'Cert="a";Cert="b"'],
  ['an open quote', 'Hash=00;Subject="never closed'],
  ['an escaped closing quote', 'Hash=00;Subject="a\\"'],
  ['a quote inside an unquoted value', 'Hash=00;URI=a"b'],
  ['text after a closing quote', 'Subject="a"b'],
  ['an empty element', 'Hash=00,,Hash=01'],
  ['a comma at the end', 'Hash=00,'],
  ['a semicolon at the end', 'Hash=00;'],
])('%s is malformed', (_, text) => {
  expect(() => parseXfcc(text)).toThrow(
    expect.objectContaining({ code: 'trust/malformed-xfcc' }) as Error,
  )
})

const hostileText = fc.string({
  unit: fc.constantFrom(
    ...',;="\\ %2C#',
    ...'aZ09:/.é',
    'Hash=00',
    ';Subject="CN=admin"',
    ',By=spiffe://admin',
  ),
  maxLength: 40,
})

test('what is written is read back, whatever the names in the certificate are', () => {
  const names = fc.array(hostileText, { maxLength: 3 })
  fc.assert(
    fc.property(names, names, names, (by, uriSans, dnsSans) => {
      const identity = { ...poster, uriSans, dnsSans }
      const all = details('Subject', 'Cert', 'Chain', 'URI', 'DNS')
      const element = writeXfccElement({ by, identity, details: all })
      expect(parseXfcc(element)).toEqual([
        {
          by,
          hash,
          cert: posterPem,
          chain: posterPem,
          subject,
          uri: uriSans.length === 0 ? [''] : uriSans,
          dns: dnsSans,
        },
      ])
    }),
  )
})

test('two different names are never written alike', () => {
  const write = (uri: string) =>
    writeXfccElement({
      by: [],
      identity: { ...poster, uriSans: [uri] },
      details: details('URI'),
    })
  fc.assert(
    fc.property(hostileText, hostileText, (a, b) => {
      expect(write(a) === write(b)).toBe(a === b)
    }),
  )
})

test('any text is either read or refused with its code', () => {
  fc.assert(
    fc.property(fc.oneof(hostileText, fc.string()), (text) => {
      try {
        expect(parseXfcc(text).length).toBeGreaterThanOrEqual(text === '' ? 0 : 1)
      } catch (error) {
        expect(error).toMatchObject({ code: 'trust/malformed-xfcc' })
      }
    }),
  )
})
