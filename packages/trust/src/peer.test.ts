import { readFile } from 'node:fs/promises'
import { decodePem } from '@twinlatch/pki'
import { expect, test } from 'vitest'
import { TrustError } from './errors.ts'
import { identifyPeer, urlEncodePem } from './peer.ts'

// The certificate of gateway.md section 7.5 (public test data, valid 2026-11 to 2036-11).
const vector = new URL('./testdata/poster.pem', import.meta.url)

test('the identity of the worked example has the texts of the specification', async () => {
  const pem = await readFile(vector, 'utf8')
  const identity = identifyPeer(decodePem(pem).map(({ der }) => der))
  expect(identity).toMatchObject({
    subject: 'CN=poster (P000000),L=tenant-1,OU=Canary,OU=Cloud Clients,O=Example SE,C=DE',
    issuer: 'CN=Example Client CA,OU=Cloud Clients,O=Example SE,L=EU10,C=DE',
    serial: '012345',
    sha256: '2a8bf31024bf2f0263541d111fb6f7e59d69966c59730af56fab0673f34f0b0c',
    uriSans: ['spiffe://example/ns/a/sa/b'],
    dnsSans: ['poster.example'],
    emailSans: [],
    ipSans: [],
  })
  expect(identity.urlEncodedPem).toMatch(
    /^-----BEGIN%20CERTIFICATE-----%0AMIICXzCCAgWg.*SIOekeEhIXu0%3D%0A-----END%20CERTIFICATE-----%0A$/,
  )
  expect(decodeURIComponent(identity.urlEncodedPem)).toBe(pem)
})

test('exactly five characters are percent-encoded', async () => {
  const [block] = decodePem(await readFile(vector, 'utf8'))
  const encoded = urlEncodePem(block?.der ?? new Uint8Array())
  expect(encoded).toMatch(/^[A-Za-z0-9-]*(%(0A|20|2B|2F|3D)[A-Za-z0-9-]*)*$/)
})

test.each([
  { title: 'no certificate', chain: [] },
  { title: 'bytes that are no certificate', chain: [new Uint8Array([0x30, 0x03, 1, 1, 0xff])] },
])('$title is no identity', ({ chain }) => {
  expect(() => identifyPeer(chain)).toThrow(TrustError)
})
