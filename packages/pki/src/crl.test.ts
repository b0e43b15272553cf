import { sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Certificate } from './certificate.ts'
import { verifyChain } from './chain.ts'
import { parseRevocationList, parseRevocationLists, type RevocationList } from './crl.ts'
import { encodeDer, readDer } from './der.ts'
import { bitString, explicit, integer, sequence } from './der-write.ts'
import { PkiError } from './errors.ts'
import { encodeExtension } from './extension-write.ts'
import { type CertificateTemplate, issueCertificate } from './issue.ts'
import { issueRevocationList, type RevocationListTemplate } from './issue-crl.ts'
import { generateKeyPair, type KeyPair } from './key.ts'
import { buildName } from './name-build.ts'
import { encodePem } from './pem.ts'
import { newSerial } from './serial.ts'
import { createKeySigner } from './signer.ts'

const now = new Date('2026-11-24T10:00:00Z')
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000)

interface Party {
  readonly certificate: Certificate
  readonly keys: KeyPair
}

async function party(
  name: string,
  issuer: Party | 'self',
  change: Partial<CertificateTemplate> = {},
): Promise<Party> {
  const keys = await generateKeyPair('ec-p256')
  const template: CertificateTemplate = {
    subject: buildName([{ type: 'CN', value: name }]),
    publicKey: keys.publicKey,
    serial: newSerial(),
    notBefore: hours(-100),
    notAfter: hours(100),
    keyUsage: change.ca === undefined ? ['digitalSignature'] : ['keyCertSign', 'cRLSign'],
    ...change,
  }
  const signer = createKeySigner((issuer === 'self' ? keys : issuer.keys).privateKey)
  return { certificate: await issueCertificate(template, issuer, signer), keys }
}

const root = await party('Root', 'self', { ca: {} })
const issuing = await party('Issuing', root, { ca: {} })
const leaf = await party('leaf', issuing, { extendedKeyUsage: ['clientAuth'] })

function listOf(
  issuer: Party,
  change: Partial<RevocationListTemplate> = {},
): Promise<RevocationList> {
  const template = {
    number: 1n,
    thisUpdate: hours(-1),
    nextUpdate: hours(23),
    entries: [],
    ...change,
  }
  return issueRevocationList(template, issuer.certificate, createKeySigner(issuer.keys.privateKey))
}

const revoked = ({ certificate }: Party, reason?: 'keyCompromise') => ({
  entries: [
    {
      serial: certificate.serial,
      revokedAt: hours(-2),
      ...(reason === undefined ? {} : { reason }),
    },
  ],
})

const rootList = await listOf(root)
const issuingList = await listOf(issuing)

function ask(crls: readonly RevocationList[], anchors = [root.certificate]) {
  return verifyChain({
    leaf: leaf.certificate,
    intermediates: [issuing.certificate],
    anchors,
    time: now,
    purpose: 'client',
    crls,
  })
}

const codeOf = (result: ReturnType<typeof verifyChain>) => (result.ok ? 'ok' : result.code)

/** The list again with one field of its signed part exchanged or added, signed by `signer`. */
function altered(
  list: RevocationList,
  signer: Party,
  change: (fields: Uint8Array[]) => Uint8Array[],
): RevocationList {
  const [tbs, algorithm] = readDer(list.raw).children
  const changed = sequence(...change((tbs?.children ?? []).map(({ raw }) => raw)))
  const signature = sign('sha256', changed, signer.keys.privateKey)
  return parseRevocationList(
    sequence(changed, algorithm?.raw ?? new Uint8Array(), bitString(signature)),
  )
}

function withExtension(list: RevocationList, oid: string, critical: boolean): RevocationList {
  const added = encodeExtension({ oid, critical, value: sequence() })
  return altered(list, issuing, (fields) => [
    ...fields.slice(0, -1),
    explicit(
      0,
      sequence(
        ...readDer(fields.at(-1) ?? sequence()).children.flatMap(({ children }) =>
          children.map(({ raw }) => raw),
        ),
        added,
      ),
    ),
  ])
}

test('a list we issue says what its template said', async () => {
  const list = await listOf(issuing, { number: 7n, ...revoked(leaf, 'keyCompromise') })
  expect(list).toMatchObject({
    number: 7n,
    thisUpdate: hours(-1),
    nextUpdate: hours(23),
    authorityKeyId: issuing.certificate.subjectKeyId,
    signatureAlgorithm: 'ecdsa-with-SHA256',
    criticalEntryExtension: null,
  })
  expect([...list.entries]).toEqual([
    [leaf.certificate.serial, { revokedAt: hours(-2), reason: 'keyCompromise' }],
  ])
  expect(list.isSignedBy(issuing.certificate)).toBe(true)
  expect(list.isSignedBy(root.certificate)).toBe(false)
})

test.each<[string, Partial<RevocationListTemplate>]>([
  ['a negative number', { number: -1n }],
  ['a number of 21 octets', { number: 1n << 160n }],
  ['an end before the beginning', { nextUpdate: hours(-1) }],
])('a list with %s is not issued', async (_, change) => {
  await expect(listOf(root, change)).rejects.toMatchObject({ code: 'pki/profile-forbids' })
})

test('a list is issued by an authority with its own key only', async () => {
  const template = { number: 1n, thisUpdate: now, nextUpdate: hours(1), entries: [] }
  const signer = createKeySigner(leaf.keys.privateKey)
  await expect(issueRevocationList(template, root.certificate, signer)).rejects.toMatchObject({
    code: 'pki/key-mismatch',
  })
  await expect(issueRevocationList(template, leaf.certificate, signer)).rejects.toMatchObject({
    code: 'pki/profile-forbids',
  })
})

describe('reading', () => {
  test('PEM with several lists gives all of them in their order', () => {
    const text = [rootList, issuingList].map(({ raw }) => encodePem('X509 CRL', raw)).join('\n')
    expect(parseRevocationLists(text).map(({ sha256 }) => sha256)).toEqual([
      rootList.sha256,
      issuingList.sha256,
    ])
    expect(parseRevocationLists(rootList.raw)).toHaveLength(1)
  })

  test.each([
    ['nothing', ''],
    ['a list under the label CRL', encodePem('CRL', rootList.raw)],
    ['a certificate', encodePem('CERTIFICATE', root.certificate.raw)],
  ])('a text that holds %s is refused, as no list must never mean no check', (_, text) => {
    expect(() => parseRevocationLists(text)).toThrow(
      expect.objectContaining({ code: 'pki/malformed-crl' }),
    )
  })

  test('a serial number that stands twice', () => {
    const entry = sequence(integer(5), encodeDer(0x17, Buffer.from('261124090000Z')))
    const twice = (fields: Uint8Array[]) => fields.toSpliced(5, 0, sequence(entry, entry))
    expect(() => altered(rootList, root, twice)).toThrow(/occurs twice/)
    const once = (fields: Uint8Array[]) => fields.toSpliced(5, 0, sequence(entry))
    expect(altered(rootList, root, once).entries.get('05')?.reason).toBe('unspecified')
  })

  test('a version that does not exist, and extensions in version 1', () => {
    expect(() => altered(rootList, root, ([, ...rest]) => [integer(2), ...rest])).toThrow(/version/)
    expect(() => altered(rootList, root, ([, ...rest]) => rest)).toThrow(/version 2/)
    const plain = (fields: Uint8Array[]) => fields.slice(1, 5)
    expect(altered(rootList, root, plain)).toMatchObject({ number: null, extensions: [] })
  })

  test('bytes of any kind are read or refused with a code', () => {
    const mutated = fc
      .tuple(fc.nat(rootList.raw.length - 1), fc.nat(255))
      .map(([at, octet]) => rootList.raw.with(at, octet))
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array()), (bytes) => {
        try {
          parseRevocationList(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('with one list configured, every certificate of the path needs one of its issuer', () => {
  test('all are there', () => {
    expect(codeOf(ask([rootList, issuingList]))).toBe('ok')
  })

  test('no list at all asks nothing', () => {
    expect(codeOf(ask([]))).toBe('ok')
  })

  test.each([
    ['of the issuing authority', [issuingList]],
    ['of the root', [rootList]],
  ])('only the one %s', (_, lists) => {
    expect(codeOf(ask(lists))).toBe('crl-missing')
  })

  test('an intermediate as anchor has no issuer whose list could be proven', () => {
    expect(codeOf(ask([rootList, issuingList], [issuing.certificate]))).toBe('crl-missing')
    expect(codeOf(ask([], [issuing.certificate]))).toBe('ok')
  })

  test.each([
    ['leaf', leaf, issuing],
    ['intermediate', issuing, root],
    ['root, by itself', root, root],
  ])('a revoked %s', async (_, who, by) => {
    const list = await listOf(by, revoked(who, 'keyCompromise'))
    const other = by === root ? issuingList : rootList
    const result = ask([other, list])
    expect(codeOf(result)).toBe('revoked')
    expect(result.ok || result.message).toContain('keyCompromise')
  })

  test.each([
    ['a second past its end', -48, hours(0).getTime() - 1000, 'crl-stale'],
    ['in its last second', -48, hours(0).getTime(), 'ok'],
    ['in its first second', 0, hours(1).getTime(), 'ok'],
    ['of tomorrow', 24, hours(48).getTime(), 'crl-stale'],
  ])('a list %s', async (_, from, until, code) => {
    const list = await listOf(issuing, { thisUpdate: hours(from), nextUpdate: new Date(until) })
    expect(codeOf(ask([rootList, list]))).toBe(code)
  })

  test('a current list counts before one that has ended, and the newer before the older', async () => {
    const ended = await listOf(issuing, {
      thisUpdate: hours(-9),
      nextUpdate: hours(-1),
      ...revoked(leaf),
    })
    expect(codeOf(ask([rootList, ended, issuingList]))).toBe('ok')
    const newer = await listOf(issuing, { thisUpdate: now, ...revoked(leaf) })
    expect(codeOf(ask([rootList, issuingList, newer]))).toBe('revoked')
    expect(codeOf(ask([rootList, newer, issuingList]))).toBe('revoked')
  })

  test('a forged list, and a forged one that would be newer', async () => {
    const forged = altered(issuingList, leaf, (fields) => fields)
    expect(codeOf(ask([rootList, forged]))).toBe('crl-missing')
    const newer = await listOf(issuing, { thisUpdate: now })
    const forgedNewer = altered(newer, leaf, (fields) => fields)
    expect(codeOf(ask([rootList, issuingList, forgedNewer]))).toBe('crl-missing')
  })

  test('a list of another authority of the same name', async () => {
    const namesake = await party('Issuing', root, { ca: {} })
    expect(codeOf(ask([rootList, await listOf(namesake)]))).toBe('crl-missing')
  })

  test.each([
    ['a critical extension nobody knows', '1.2.3.4', true, 'crl-missing'],
    ['the same, not critical', '1.2.3.4', false, 'ok'],
    ['a distribution point, so that it is one of several', '2.5.29.28', true, 'crl-missing'],
    ['the same, not marked critical', '2.5.29.28', false, 'crl-missing'],
    ['changes only', '2.5.29.27', true, 'crl-missing'],
  ])('a list with %s', (_, oid, critical, code) => {
    expect(codeOf(ask([rootList, withExtension(issuingList, oid, critical)]))).toBe(code)
  })

  test('a list without an end', () => {
    const endless = altered(issuingList, issuing, (fields) => fields.toSpliced(4, 1))
    expect(endless.nextUpdate).toBeNull()
    expect(codeOf(ask([rootList, endless]))).toBe('crl-stale')
  })

  test('an entry with a critical extension', () => {
    const added = encodeExtension({ oid: '1.2.3.4', critical: true, value: sequence() })
    const entry = sequence(
      integer(5),
      encodeDer(0x17, Buffer.from('261124090000Z')),
      sequence(added),
    )
    const list = altered(issuingList, issuing, (fields) => fields.toSpliced(5, 0, sequence(entry)))
    expect(codeOf(ask([rootList, list]))).toBe('crl-missing')
  })
})
