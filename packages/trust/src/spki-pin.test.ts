import { readFile } from 'node:fs/promises'
import { decodePem } from '@twinlatch/pki'
import { beforeAll, expect, test } from 'vitest'
import type { PeerIdentity } from './identity.ts'
import { identifyPeer } from './peer.ts'
import { type Pins, parseCertificateHash, parseSpkiPin, pinMismatch } from './spki-pin.ts'

let poster: PeerIdentity
beforeAll(async () => {
  const pem = await readFile(new URL('./testdata/poster.pem', import.meta.url), 'utf8')
  poster = identifyPeer(decodePem(pem).map(({ der }) => der))
})

const hex = '2a8bf31024bf2f0263541d111fb6f7e59d69966c59730af56fab0673f34f0b0c'
const pins = (some: Partial<Record<keyof Pins, string[]>>): Pins => ({
  certificateHashes: new Set(some.certificateHashes),
  spkiHashes: new Set(some.spkiHashes),
  subjectAltNames: some.subjectAltNames ?? [],
})

test.each([hex, hex.toUpperCase(), hex.toUpperCase().replace(/(..)(?=.)/g, '$1:')])(
  'the hash %s is read',
  (text) => {
    expect(parseCertificateHash(text)).toBe(hex)
  },
)

test.each(['', hex.slice(2), `${hex}00`, hex.replace('a', 'g'), `${hex.slice(0, 62)}:00`])(
  'the hash "%s" is refused',
  (text) => {
    expect(() => parseCertificateHash(text)).toThrow('hex SHA-256')
  },
)

test.each(['', 'aGVsbG8=', hex, `${'A'.repeat(43)}`, `${'A'.repeat(42)}B=`])(
  'the key pin "%s" is refused',
  (text) => {
    expect(() => parseSpkiPin(text)).toThrow('base64 SHA-256')
  },
)

test('one hit in either list of hashes is enough', () => {
  const other = '0'.repeat(64)
  const key = parseSpkiPin(poster.spkiSha256)
  expect(pinMismatch(poster, pins({}))).toBeNull()
  expect(pinMismatch(poster, pins({ certificateHashes: [other, hex] }))).toBeNull()
  expect(pinMismatch(poster, pins({ certificateHashes: [other], spkiHashes: [key] }))).toBeNull()
  expect(pinMismatch(poster, pins({ certificateHashes: [other] }))).toContain(hex)
})

test.each([
  { listed: ['POSTER.example'], mismatch: false },
  { listed: ['other', 'spiffe://example/ns/a/sa/b'], mismatch: false },
  { listed: ['spiffe://example/ns/A/sa/b'], mismatch: true },
  { listed: ['*.example'], mismatch: true },
  { listed: ['poster (P000000)'], mismatch: true },
])('the SAN list $listed refuses the client: $mismatch', ({ listed, mismatch }) => {
  expect(pinMismatch(poster, pins({ subjectAltNames: listed })) !== null).toBe(mismatch)
})

test('a wildcard in the certificate equals only itself', () => {
  const wildcard = { ...poster, dnsSans: ['*.example'] }
  expect(pinMismatch(wildcard, pins({ subjectAltNames: ['poster.example'] }))).not.toBeNull()
  expect(pinMismatch(wildcard, pins({ subjectAltNames: ['*.example'] }))).toBeNull()
})

test('hashes and the SAN list are two conditions', () => {
  expect(
    pinMismatch(poster, pins({ certificateHashes: [hex], subjectAltNames: ['other'] })),
  ).not.toBeNull()
})
