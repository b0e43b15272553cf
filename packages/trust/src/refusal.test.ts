import type { Certificate } from '@twinlatch/pki'
import {
  buildName,
  createKeySigner,
  generateKeyPair,
  issueCertificate,
  newSerial,
  parseCertificate,
  parseNameDer,
} from '@twinlatch/pki'
import {
  createTestAuthority,
  type LeafShape,
  type TestAuthority,
  type TestCertificate,
} from '@twinlatch/testing'
import { beforeAll, expect, test } from 'vitest'
import { stageOfCode } from './decision.ts'
import { identifyPeer } from './peer.ts'
import { judgePeer, type PeerFacts, verifyAgain } from './refusal.ts'

const dayMs = 86_400_000
const now = new Date('2026-11-23T12:00:00Z')
const subject = 'CN=orders,OU=Clients,O=Example,C=DE'
let authority: TestAuthority
let stranger: TestAuthority

beforeAll(async () => {
  authority = await createTestAuthority({ name: 'Clients', now })
  stranger = await createTestAuthority({ name: 'Strangers', now })
})

function factsOf(client: TestCertificate, some: Partial<PeerFacts> = {}): PeerFacts {
  return {
    identity: identifyPeer(client.chain.map(({ raw }) => raw)),
    certificateRequired: true,
    verified: false,
    verifyError: 'UNSPECIFIED',
    intermediates: client.chain.slice(1),
    knownIntermediates: [],
    anchors: [authority.root],
    bundleName: 'secret istio-system/clients',
    pins: { certificateHashes: new Set(), spkiHashes: new Set(), subjectAltNames: [] },
    now,
    ...some,
  }
}

const issue = (shape: LeafShape, from = authority) => from.issue({ subject, shape })

test('a verified client is let in', async () => {
  const client = await issue('valid')
  expect(judgePeer(factsOf(client, { verified: true, verifyError: null }))).toBeNull()
})

test('a client that OpenSSL did not verify is refused, whatever we find ourselves', async () => {
  const client = await issue('valid')
  expect(judgePeer(factsOf(client, { verifyError: 'CERT_REVOKED' }))).toMatchObject({
    code: 'REV_REVOKED',
  })
  expect(judgePeer(factsOf(client, { verifyError: 'SOMETHING_NEW' }))).toEqual({
    code: 'CHN_BAD_CONSTRAINTS',
    summary: `OpenSSL refuses the chain of ${subject} (OpenSSL: SOMETHING_NEW).`,
  })
})

test('without a certificate only a host that demands one refuses', async () => {
  const facts = factsOf(await issue('valid'), {
    identity: null,
    intermediates: [],
    verifyError: 'UNABLE_TO_GET_ISSUER_CERT',
  })
  expect(judgePeer(facts)).toMatchObject({ code: 'TLS_NO_CLIENT_CERT' })
  expect(judgePeer({ ...facts, certificateRequired: false })).toBeNull()
})

test('a host that leaves the certificate optional refuses a bad one all the same', async () => {
  const facts = factsOf(await issue('expired'), { certificateRequired: false })
  expect(judgePeer(facts)).toMatchObject({ code: 'VAL_EXPIRED' })
})

// The OpenSSL code of every row is one that would mislead: the facts decide.
test.each([
  { shape: 'expired', error: 'CERT_HAS_EXPIRED', code: 'VAL_EXPIRED', text: 'ended on 2026-11-22' },
  { shape: 'not-yet-valid', error: 'CERT_NOT_YET_VALID', code: 'VAL_NOT_YET', text: 'begins on' },
  {
    shape: 'wrong-purpose',
    error: 'INVALID_PURPOSE',
    code: 'EKU_NOT_CLIENT_AUTH',
    text: 'serverAuth',
  },
  {
    shape: 'self-signed',
    error: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    code: 'CHN_SELF_SIGNED',
    text: 'signed itself',
  },
] as const)('$shape is $code', async ({ shape, error, code, text }) => {
  const refusal = judgePeer(factsOf(await issue(shape), { verifyError: error }))
  expect(refusal?.code).toBe(code)
  expect(refusal?.summary).toContain(text)
})

test('another authority is unknown, also when the certificate has expired as well', async () => {
  const strange = await issue('valid', stranger)
  expect(judgePeer(factsOf(strange, { verifyError: 'SELF_SIGNED_CERT_IN_CHAIN' }))).toMatchObject({
    code: 'CHN_UNKNOWN_AUTHORITY',
    summary: expect.stringContaining('secret istio-system/clients'),
  })
  const expired = await issue('expired', stranger)
  expect(judgePeer(factsOf(expired, { verifyError: 'CERT_HAS_EXPIRED' }))).toMatchObject({
    code: 'CHN_UNKNOWN_AUTHORITY',
  })
})

test('an intermediate is missing only where it is known to lead to the bundle', async () => {
  const client = await issue('missing-intermediate')
  const facts = factsOf(client, { verifyError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  expect(judgePeer(facts)).toMatchObject({ code: 'CHN_UNKNOWN_AUTHORITY' })
  const known = [...authority.intermediates, ...stranger.intermediates]
  expect(judgePeer({ ...facts, knownIntermediates: known })).toMatchObject({
    code: 'CHN_INTERMEDIATE_MISSING',
    summary: expect.stringContaining('Clients Intermediate 1'),
  })
})

test('an intermediate alone is an anchor', async () => {
  const client = await issue('valid')
  const facts = factsOf(client, { anchors: authority.intermediates })
  expect(verifyAgain({ ...facts, identity: identityOf(facts) })).toMatchObject({ refusal: null })
})

test('the end of an issuer is told apart from the end of the leaf', async () => {
  const client = await issue('valid')
  const short = await rootUntil(new Date(now.getTime() + 5 * dayMs))
  const leaf = await short.issue(new Date(now.getTime() + 30 * dayMs))
  const facts = factsOf(client, {
    identity: identifyPeer([leaf.raw]),
    intermediates: [],
    anchors: [short.root],
    verifyError: 'CERT_HAS_EXPIRED',
  })
  const day = (count: number) => new Date(now.getTime() + count * dayMs)
  expect(judgePeer({ ...facts, now: day(10) })).toMatchObject({
    code: 'VAL_ISSUER_EXPIRED',
    summary: expect.stringContaining('CN=Short Root ended on 2026-11-28'),
  })
  expect(judgePeer({ ...facts, now: day(40) })?.code).toBe('VAL_EXPIRED')
})

test.each([
  { title: 'a purpose without clientAuth', shape: 'wrong-purpose', code: 'EKU_NOT_CLIENT_AUTH' },
  { title: 'a certificate past its end (resumed session)', shape: 'expired', code: 'VAL_EXPIRED' },
  { title: 'a certificate before its start', shape: 'not-yet-valid', code: 'VAL_NOT_YET' },
] as const)('$title is refused even if OpenSSL has verified it', async ({ shape, code }) => {
  const facts = factsOf(await issue(shape), { verified: true, verifyError: null })
  expect(judgePeer(facts)).toMatchObject({ code })
})

test('a certificate without purposes is for every purpose', async () => {
  const facts = factsOf(await issue('any-purpose'), { verified: true, verifyError: null })
  expect(judgePeer(facts)).toBeNull()
})

test('a pin refuses what the bundle trusts', async () => {
  const client = await issue('valid')
  const pins = { certificateHashes: new Set(['0'.repeat(64)]), spkiHashes: new Set<string>() }
  const facts = factsOf(client, {
    verified: true,
    verifyError: null,
    pins: { ...pins, subjectAltNames: [] },
  })
  expect(judgePeer(facts)).toMatchObject({ code: 'CHN_NOT_PINNED' })
})

test('a control character in the subject is refused after verification', async () => {
  const client = await issue('valid')
  const facts = factsOf(client, { verified: true, verifyError: null })
  const identity = identityOf(facts)
  const hostile = withSubject(identity.certificate, 'admin\0.evil')
  expect(judgePeer({ ...facts, identity: { ...identity, certificate: hostile } })).toEqual({
    code: 'CHN_BAD_CONSTRAINTS',
    summary: 'The certificate has a control character in its subject.',
  })
})

test('bytes that are no certificate are refused', async () => {
  const facts = factsOf(await issue('valid'), { identity: 'unreadable' })
  expect(judgePeer(facts)).toMatchObject({ code: 'CHN_BAD_CONSTRAINTS' })
  expect(judgePeer({ ...facts, verified: true })).toMatchObject({ code: 'CHN_BAD_CONSTRAINTS' })
})

test('a second verification says how long it holds', async () => {
  const client = await issue('valid')
  const facts = factsOf(client)
  const identity = identityOf(facts)
  expect(verifyAgain({ ...facts, identity })).toEqual({
    refusal: null,
    validUntilMs: client.certificate.notAfter.getTime(),
  })
  expect(verifyAgain({ ...facts, identity, anchors: [stranger.root] })).toMatchObject({
    refusal: { code: 'CHN_UNKNOWN_AUTHORITY' },
  })
})

test('a resumed session is verified with the intermediates of before', async () => {
  const client = await issue('missing-intermediate')
  const facts = factsOf(client)
  const identity = identityOf(facts)
  expect(verifyAgain({ ...facts, identity }).refusal).not.toBeNull()
  const again = verifyAgain({ ...facts, identity, knownIntermediates: authority.intermediates })
  expect(again.refusal).toBeNull()
})

test('every code belongs to a stage', () => {
  expect(Object.values(stageOfCode)).not.toContain(undefined)
})

// Our writer lets no certificate outlive its issuer, so the issuer has a longer-lived twin.
async function rootUntil(notAfter: Date) {
  const key = await generateKeyPair('ec-p256')
  const signer = createKeySigner(key.privateKey)
  const notBefore = new Date(now.getTime() - dayMs)
  const rootTo = (end: Date) =>
    issueCertificate(
      {
        subject: buildName([{ type: 'CN', value: 'Short Root' }]),
        publicKey: key.publicKey,
        serial: newSerial(),
        notBefore,
        notAfter: end,
        ca: {},
        keyUsage: ['keyCertSign'],
      },
      'self',
      signer,
    )
  const issueUntil = async (end: Date) =>
    issueCertificate(
      {
        subject: buildName([{ type: 'CN', value: 'outlives' }]),
        publicKey: (await generateKeyPair('ec-p256')).publicKey,
        serial: newSerial(),
        notBefore,
        notAfter: end,
        keyUsage: ['digitalSignature'],
      },
      { certificate: await rootTo(end) },
      signer,
    )
  return { root: await rootTo(notAfter), issue: issueUntil }
}

function identityOf({ identity }: PeerFacts) {
  if (identity === null || identity === 'unreadable') throw new Error('no identity')
  return identity
}

// A name that our own writer refuses to make: an ASCII name with its letters exchanged in DER.
function withSubject(certificate: Certificate, commonName: string): Certificate {
  const plain = buildName([{ type: 'CN', value: 'x'.repeat(commonName.length) }])
  const der = Buffer.from(plain.raw)
  der.write(commonName, der.indexOf('xx'), 'latin1')
  const copy = parseCertificate(certificate.raw)
  return Object.create(copy, { subject: { value: parseNameDer(der) } })
}
