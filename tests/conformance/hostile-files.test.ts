import { createPrivateKey } from 'node:crypto'
import { parseDestination } from '@twinlatch/destinations'
import { parseManifests } from '@twinlatch/gateway'
import {
  encodePem,
  inspectKeystore,
  parseCertificate,
  parseCertificates,
  parseDistinguishedName,
  parseNameDer,
  readKeystore,
} from '@twinlatch/pki'
import { createTestAuthority, type TestCertificate } from '@twinlatch/testing'
import { parseXfcc } from '@twinlatch/trust'
import { parseClientHello } from '@twinlatch/wire'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseOrder } from '../../packages/ca/src/http-schemas.ts'
import { encodeDer } from '../../packages/pki/src/der.ts'
import { explicit, integer, oid, sequence, setOf } from '../../packages/pki/src/der-write.ts'
import { pkcs12Oids } from '../../packages/pki/src/pkcs12-oids.ts'
import { parseBindingOrder } from '../../packages/tokens/src/binding-order.ts'

/** What one file may cost, of the processor. */
const budgetMs = 100
const mebibyte = 1024 * 1024

/** The code that `parse` refuses with, or what it gave; fails when that took too long. */
async function codeOf(parse: () => unknown): Promise<unknown> {
  const begin = process.threadCpuUsage()
  const outcome = await outcomeOf(parse)
  const { user, system } = process.threadCpuUsage(begin)
  expect((user + system) / 1000).toBeLessThan(budgetMs)
  return outcome
}

async function outcomeOf(parse: () => unknown): Promise<unknown> {
  try {
    return await parse()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

const octets = (content: Uint8Array) => encodeDer(0x04, content)
const repeat = (count: number, part: Uint8Array) => Array.from({ length: count }, () => part)
const content = (der: Uint8Array) => sequence(oid(pkcs12Oids.data), explicit(0, octets(der)))
const bag = (type: string, value: Uint8Array, ...more: Uint8Array[]) =>
  sequence(oid(type), explicit(0, value), ...more)
const pfx = (...bags: Uint8Array[]) =>
  sequence(integer(3), content(sequence(content(sequence(...bags)))))
const mac = (rounds: bigint, algorithm: string = pkcs12Oids.sha256) =>
  sequence(
    sequence(sequence(oid(algorithm), encodeDer(0x05)), octets(Buffer.alloc(32))),
    octets(Buffer.alloc(8)),
    integer(rounds),
  )
const withMac = (data: Uint8Array) => sequence(integer(3), content(sequence()), data)
const indefinite = (levels: number) => Buffer.from('3080'.repeat(levels), 'hex')
const version3 = integer(3)

let leaf: TestCertificate
let keyBag: Uint8Array
let certificateBag: Uint8Array

beforeAll(async () => {
  leaf = await (await createTestAuthority({ name: 'Hostile' })).issue({ subject: 'CN=a' })
  const id = setOf([sequence(oid(pkcs12Oids.localKeyId), setOf([octets(Buffer.from('id'))]))])
  keyBag = bag(pkcs12Oids.keyBag, leaf.privateKey.export({ type: 'pkcs8', format: 'der' }), id)
  const value = sequence(oid(pkcs12Oids.x509Certificate), explicit(0, octets(leaf.certificate.raw)))
  certificateBag = bag(pkcs12Oids.certificateBag, value, id)
})

describe('a keystore is refused by name, in no time', () => {
  test.each<[string, string, () => Uint8Array]>([
    [
      '60 MB of PKCS#12',
      'keystore-limits',
      () => Buffer.concat([pfx(), Buffer.alloc(60 * mebibyte)]),
    ],
    ['60 MB of PEM', 'keystore-limits', () => Buffer.alloc(60 * mebibyte, '-----BEGIN A-----\n')],
    ['60 MB of nothing', 'keystore-limits', () => Buffer.alloc(60 * mebibyte)],
    ['a MAC of 2^31 rounds', 'keystore-limits', () => withMac(mac(2n ** 31n))],
    ['a MAC of 2^4000 rounds', 'keystore-limits', () => withMac(mac(2n ** 4000n))],
    ['a MAC of -1 rounds', 'keystore-corrupt', () => withMac(mac(-1n))],
    ['a MAC of an unknown hash', 'keystore-unsupported-algorithm', () => withMac(mac(1n, '1.2.3'))],
    ['BER nested 400 000 deep', 'keystore-corrupt', () => indefinite(400_000)],
    [
      'the same inside a keystore',
      'keystore-limits',
      () => Buffer.concat([Buffer.from('3080020103', 'hex'), indefinite(400_000)]),
    ],
    [
      'an octet string in 300 000 empty pieces',
      'keystore-limits',
      () => sequence(version3, encodeDer(0x24, Buffer.alloc(600_000, Buffer.of(4, 0)))),
    ],
    ['65 copies of a key', 'keystore-limits', () => pfx(...repeat(65, keyBag), certificateBag)],
    [
      '33 copies of a certificate',
      'keystore-limits',
      () => pfx(keyBag, ...repeat(33, certificateBag)),
    ],
    [
      'a version that is a text',
      'keystore-format',
      () => sequence(encodeDer(0x0c, Buffer.from('3'))),
    ],
    ['a content that is a number', 'keystore-corrupt', () => sequence(version3, integer(1))],
    [
      'bags that are a set',
      'keystore-corrupt',
      () => sequence(version3, content(sequence(content(setOf([]))))),
    ],
    ['a bag without content', 'keystore-corrupt', () => pfx(sequence(oid(pkcs12Oids.keyBag)))],
    [
      'a certificate as a number',
      'keystore-corrupt',
      () => pfx(bag(pkcs12Oids.certificateBag, integer(1))),
    ],
    ['a key that is none', 'keystore-corrupt', () => pfx(bag(pkcs12Oids.keyBag, sequence()))],
    [
      '513 blocks of PEM',
      'keystore-limits',
      () => Buffer.from(encodePem('CERTIFICATE', leaf.certificate.raw).repeat(513)),
    ],
    ['17 keys in PEM', 'keystore-limits', () => Buffer.from(leaf.privateKeyPem.repeat(17))],
  ])('%s: %s', async (_, code, make) => {
    const file = make()
    const options = { password: 'password', allowMissingMac: true }
    expect(await codeOf(() => readKeystore(file, options))).toBe(`pki/${code}`)
    const report = await codeOf(() =>
      inspectKeystore(file, { password: 'password', now: new Date() }),
    )
    expect(report).toMatchObject({
      opened: false,
      findings: expect.arrayContaining([expect.objectContaining({ level: 'error' })]),
    })
  })

  test('a key and its certificate ten times over are one entry for each key, all of them whole', async () => {
    const file = pfx(...repeat(10, keyBag), ...repeat(10, certificateBag))
    const keystore = await readKeystore(file, { allowMissingMac: true })
    expect(keystore.entries).toHaveLength(10)
    for (const { privateKey, certificate } of keystore.entries) {
      expect(certificate.publicKey.equals(leaf.certificate.publicKey)).toBe(true)
      expect(privateKey.equals(createPrivateKey(leaf.privateKeyPem))).toBe(true)
    }
  })
})

const rdn = (value: Uint8Array) => setOf([sequence(oid('2.5.4.3'), value)])
const text = (value: string) => encodeDer(0x0c, Buffer.from(value))

describe('certificates, names and headers', () => {
  test.each<[string, string, () => unknown]>([
    [
      'a certificate of 60 MB',
      'pki/malformed-certificate',
      () => parseCertificate(Buffer.alloc(60 * mebibyte, 0x30)),
    ],
    [
      'PEM of 60 MB',
      'pki/malformed-pem',
      () => parseCertificates(Buffer.alloc(60 * mebibyte, 'A')),
    ],
    [
      '501 certificates',
      'pki/malformed-pem',
      () =>
        parseCertificates(
          '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'.repeat(501),
        ),
    ],
    ['nested DER', 'pki/malformed-certificate', () => parseCertificate(indefinite(30_000))],
    [
      'a name of 65 parts',
      'pki/malformed-name',
      () => parseNameDer(sequence(...repeat(65, rdn(text('a'))))),
    ],
    ['a value that is a number', 'pki/malformed-name', () => parseDistinguishedName('CN=#02')],
    [
      'a text of 16 385 characters',
      'pki/malformed-name',
      () => parseDistinguishedName(`CN=${'a'.repeat(16_382)}`),
    ],
    [
      '3 000 attributes in one part',
      'pki/malformed-name',
      () => parseDistinguishedName(`CN=a${'+CN=a'.repeat(3_000)}`),
    ],
    [
      '33 hops',
      'trust/malformed-xfcc',
      () => parseXfcc(Array.from({ length: 33 }, () => 'Hash=a').join(',')),
    ],
    ['60 000 quotes', 'trust/malformed-xfcc', () => parseXfcc(`By=${'"'.repeat(60_000)}`)],
  ])('%s: %s', async (_, code, parse) => {
    expect(await codeOf(parse)).toBe(code)
  })

  test('a ClientHello in 2 700 records', async () => {
    const records = Array.from({ length: 2_700 }, (_, at) => [
      22,
      3,
      1,
      0,
      1,
      [1, 0, 60, 0][at] ?? 7,
    ])
    const hello = Buffer.from(records.flat())
    expect(await codeOf(() => parseClientHello(hello))).toMatchObject({
      fault: { kind: 'hello-too-large' },
    })
  })
})

describe('YAML', () => {
  const anchors = Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${`*b${i - 1},`.repeat(10)}]`)

  test.each([
    ['60 MB', '#'.repeat(60 * mebibyte), /larger than 4 MiB/],
    ['a million brackets', '['.repeat(1_000_000), /nested more than 64/],
    [
      'a billion laughs',
      ['b-1: &b-1 [x]', ...anchors].join('\n'),
      /more than 100 values behind aliases/,
    ],
    ['an alias of itself', 'a: &a [*a]', /JSON/],
    ['a thousand and one documents', '--- {a: 1}\n'.repeat(1_001), /more than 1000 documents/],
    ['a tag that runs something', 'a: !!js/function "x"', /tag/],
    [
      'a length that is no number',
      'apiVersion: v1\nkind: Service\nmetadata: {name: {length: {toString: 1}}}',
      /cannot be read/,
    ],
    ['a key that is a prototype', '__proto__: {a: 1}', /JSON/],
  ])('%s is refused', async (_, yaml, message) => {
    const file = [{ name: 'a.yaml', text: yaml }]
    expect(await codeOf(() => parseManifests(file))).toMatchObject({
      documents: [],
      problems: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringMatching(message) }),
      ]),
    })
  })
})

describe('JSON bodies', () => {
  const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
  const parsers: [string, (body: unknown) => unknown, string][] = [
    ['a certificate order', parseOrder, 'ca/malformed-request'],
    ['a binding', parseBindingOrder, 'tokens/invalid-binding'],
    ['a destination', parseDestination, 'destinations/invalid-destination'],
  ]

  test.each(parsers)('%s nested 30 000 deep is refused', async (_, parse, code) => {
    expect(await codeOf(() => parse(deep(30_000)))).toBe(code)
    for (const field of ['Name', 'name', 'commonName', 'san', 'URL']) {
      expect(await codeOf(() => parse({ [field]: deep(30_000) }))).toBe(code)
    }
  })

  // The schema's library measures whatever has a length, and cannot make a number of this one.
  test.each(parsers)('%s with a length that is no number is refused', async (_, parse, code) => {
    const length = { length: { toString: 1 } }
    for (const field of ['Name', 'name', 'commonName', 'password', 'san', 'URL', 'validity']) {
      expect(await codeOf(() => parse({ [field]: length }))).toBe(code)
      expect(await codeOf(() => parse({ [field]: [length] }))).toBe(code)
    }
    expect(await codeOf(() => parse(length))).toBe(code)
  })

  test.each(parsers)('%s of a wrong kind is refused', async (_, parse, code) => {
    for (const body of [
      null,
      1,
      'a',
      true,
      [],
      [{}],
      { toString: 1 },
      JSON.parse('{"__proto__":{}}'),
    ]) {
      expect(await codeOf(() => parse(body))).toBe(code)
    }
  })
})
