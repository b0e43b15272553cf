import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Certificate, parseCertificate } from './certificate.ts'
import { type ChainQuestion, verifyChain, verifyTlsChain } from './chain.ts'
import type { ChainFault } from './chain-fault.ts'
import { encodeDer, readDer } from './der.ts'
import { bitString, integer, oid, sequence } from './der-write.ts'
import type { CertificateExtension } from './extension.ts'
import { type CertificateTemplate, issueCertificate } from './issue.ts'
import { generateKeyPair, type KeyPair } from './key.ts'
import { buildName } from './name-build.ts'
import { newSerial } from './serial.ts'
import { createKeySigner } from './signer.ts'

const now = new Date('2026-11-24T10:00:00Z')
const later = new Date('2036-11-24T10:00:00Z')

interface Party {
  readonly certificate: Certificate
  readonly keys: KeyPair
}

const named = (value: string) =>
  buildName([
    { type: 'C', value: 'DE' },
    { type: 'CN', value },
  ])

async function party(
  name: string,
  issuer: Party | 'self',
  change: Partial<CertificateTemplate> = {},
  keys?: KeyPair,
): Promise<Party> {
  const own = keys ?? (await generateKeyPair('ec-p256'))
  const template: CertificateTemplate = {
    subject: named(name),
    publicKey: own.publicKey,
    serial: newSerial(),
    notBefore: now,
    notAfter: later,
    keyUsage: change.ca === undefined ? ['digitalSignature'] : ['keyCertSign', 'cRLSign'],
    ...change,
  }
  const signer = createKeySigner((issuer === 'self' ? own : issuer.keys).privateKey)
  return { certificate: await issueCertificate(template, issuer, signer), keys: own }
}

const client = { extendedKeyUsage: ['clientAuth'] }
const root = await party('Root', 'self', { ca: {} })
const intermediate = await party('Intermediate', root, { ca: { pathLength: 0 } })
const leaf = await party('leaf', intermediate, client)

function ask(parties: readonly Party[], change: Partial<ChainQuestion> = {}) {
  const [first = leaf, ...others] = parties
  return verifyChain({
    leaf: first.certificate,
    intermediates: others.map(({ certificate }) => certificate),
    anchors: [root.certificate],
    time: now,
    purpose: 'client',
    ...change,
  })
}

function codeOf(result: ReturnType<typeof verifyChain>): ChainFault | 'ok' {
  return result.ok ? 'ok' : result.code
}

/** The same certificate with bytes of its signed part exchanged, signed again by the issuer. */
function resigned(original: Party, issuer: Party, from: string, to: string): Party {
  const [tbs, algorithm] = readDer(original.certificate.raw).children
  const changed = Buffer.from(
    Buffer.from(tbs?.raw ?? [])
      .toString('hex')
      .replace(from, to),
    'hex',
  )
  const signature = sign('sha256', changed, issuer.keys.privateKey)
  const raw = sequence(changed, algorithm?.raw ?? new Uint8Array(), bitString(signature))
  return { ...original, certificate: parseCertificate(raw) }
}

const extension = (type: string, value: Uint8Array, critical = true): CertificateExtension => ({
  oid: type,
  critical,
  value,
})

describe('constraints of authorities', () => {
  test('name constraints that are no structure make the chain malformed, whoever reads them', () => {
    const bad = { ...root.certificate, extensions: [extension('2.5.29.30', Uint8Array.of(5, 0))] }
    expect(codeOf(ask([leaf, intermediate], { anchors: [bad] }))).toBe('malformed')
  })

  test('a leaf cannot issue', async () => {
    const issuer = await party('leaf issuer', root, client)
    const fake = await party('leaf issuer', 'self', { ca: {} }, issuer.keys)
    const end = await party('end', fake, client)
    const result = ask([end, issuer])
    expect(result).toMatchObject({ code: 'bad-constraints', certificate: issuer.certificate })
  })

  test('more authorities than a path length allows', async () => {
    const below = await party('Intermediate', 'self', { ca: {} }, intermediate.keys)
    const sub = await party('Sub', below, { ca: {} })
    const end = await party('end', sub, client)
    expect(codeOf(ask([end, sub, intermediate]))).toBe('bad-constraints')
  })

  test('an issuer without keyCertSign', async () => {
    const good = await party('No Sign', root, { ca: {} })
    const end = await party('end', good, client)
    // keyUsage 03 02 01 06 is keyCertSign and cRLSign; 03 02 01 02 leaves cRLSign alone.
    const bad = resigned(good, root, '040403020106', '040403020102')
    expect(bad.certificate.keyUsage).toEqual(['cRLSign'])
    expect(codeOf(ask([end, bad]))).toBe('bad-constraints')
  })

  test('a leaf that may sign certificates without being an authority', () => {
    const odd = resigned(leaf, intermediate, '040403020780', '040403020284')
    expect(odd.certificate.keyUsage).toEqual(['digitalSignature', 'keyCertSign'])
    expect(codeOf(ask([odd, intermediate]))).toBe('bad-constraints')
  })

  test.each([
    ['an unknown critical extension', extension('1.2.3.4', sequence()), 'bad-constraints'],
    ['the same, not critical', extension('1.2.3.4', sequence(), false), 'ok'],
    ['critical policyMappings', extension('2.5.29.33', sequence()), 'bad-constraints'],
    [
      'requireExplicitPolicy, critical or not',
      extension('2.5.29.36', sequence(encodeDer(0x80, Uint8Array.of(0))), false),
      'bad-constraints',
    ],
    [
      'policyConstraints that are no structure',
      extension('2.5.29.36', Uint8Array.of(1), false),
      'malformed',
    ],
    ['certificatePolicies', extension('2.5.29.32', sequence(sequence(oid('2.5.29.32.0')))), 'ok'],
  ] as const)('%s', async (_, added, code) => {
    const issuing = await party('Issuing', root, { ca: {}, extensions: [added] })
    expect(codeOf(ask([await party('end', issuing, client), issuing]))).toBe(code)
    const end = await party('end', intermediate, { ...client, extensions: [added] })
    expect(codeOf(ask([end, intermediate]))).toBe(code)
  })
})

describe('purpose', () => {
  test.each([
    ['client', ['serverAuth'], 'wrong-purpose'],
    ['client', ['anyExtendedKeyUsage'], 'wrong-purpose'],
    ['client', ['serverAuth', 'clientAuth'], 'ok'],
    ['server', ['clientAuth'], 'wrong-purpose'],
    ['server', ['serverAuth'], 'ok'],
  ] as const)('a %s with %j: %s', async (purpose, extendedKeyUsage, code) => {
    const end = await party('end', intermediate, { extendedKeyUsage })
    expect(codeOf(ask([end, intermediate], { purpose }))).toBe(code)
    // Also when the leaf itself is in the bundle.
    expect(codeOf(ask([end], { purpose, anchors: [end.certificate] }))).toBe(code)
  })

  test('the usages of an intermediate bind what is below it', async () => {
    const serverOnly = await party('Server CA', root, { ca: {}, extendedKeyUsage: ['serverAuth'] })
    const end = await party('end', serverOnly, client)
    const result = ask([end, serverOnly])
    expect(result).toMatchObject({ code: 'wrong-purpose', certificate: serverOnly.certificate })
  })

  test('an empty list of usages allows nothing', async () => {
    const empty = extension('2.5.29.37', sequence(), false)
    const end = await party('end', intermediate, { extensions: [empty] })
    expect(codeOf(ask([end, intermediate]))).toBe('wrong-purpose')
  })

  test('a client that may not sign', async () => {
    const end = await party('end', intermediate, { ...client, keyUsage: ['keyEncipherment'] })
    expect(codeOf(ask([end, intermediate]))).toBe('wrong-purpose')
    const server = await party('end', intermediate, { keyUsage: ['keyEncipherment'] })
    expect(codeOf(ask([server, intermediate], { purpose: 'server' }))).toBe('ok')
  })
})

describe('strength and form', () => {
  test('an RSA key of 1024 bits is weak, in the leaf and in the bundle', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const weak = withKey(leaf.certificate, publicKey.export({ type: 'spki', format: 'der' }))
    expect(codeOf(ask([weak, intermediate]))).toBe('weak')
    expect(codeOf(ask([weak], { anchors: [weak.certificate] }))).toBe('weak')
  })

  test('a SHA-1 signature is weak', () => {
    const key = createPrivateKey(
      intermediate.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    )
    const [tbs] = readDer(leaf.certificate.raw).children
    const sha1 = Buffer.from('300906072a8648ce3d0401', 'hex')
    const fields = (tbs?.children ?? []).map((field, index) => (index === 2 ? sha1 : field.raw))
    const changed = sequence(...fields)
    const raw = sequence(changed, sha1, bitString(sign('sha1', changed, key)))
    const weak = { ...leaf, certificate: parseCertificate(raw) }
    expect(codeOf(ask([weak, intermediate]))).toBe('weak')
  })

  test.each([
    ['zero', integer(0), 'malformed'],
    ['negative', integer(-5), 'malformed'],
    ['21 octets', integer(1n << 160n), 'malformed'],
    ['20 octets', integer((1n << 159n) - 1n), 'ok'],
    ['20 octets with a leading zero octet', integer(1n << 159n), 'malformed'],
  ])('a serial number: %s', (_, encoding, code) => {
    expect(codeOf(ask([withField(leaf, 1, encoding), intermediate]))).toBe(code)
  })

  test('an issuer of version 1', () => {
    const [tbs] = readDer(intermediate.certificate.raw).children
    const changed = sequence(...(tbs?.children ?? []).slice(1, 7).map(({ raw }) => raw))
    const old = signed(changed, root)
    expect(old.version).toBe(1)
    const result = ask([leaf, { ...intermediate, certificate: old }])
    expect(result).toMatchObject({ code: 'bad-constraints', certificate: old })
    expect(result.ok || result.message).toMatch(/version 3/)
  })

  function signed(tbs: Uint8Array, issuer: Party): Certificate {
    const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex')
    const signature = sign('sha256', tbs, issuer.keys.privateKey)
    return parseCertificate(sequence(tbs, algorithm, bitString(signature)))
  }

  function withField(original: Party, at: number, encoding: Uint8Array): Party {
    const [tbs] = readDer(original.certificate.raw).children
    const fields = (tbs?.children ?? []).map(({ raw }, index) => (index === at ? encoding : raw))
    return { ...original, certificate: signed(sequence(...fields), intermediate) }
  }

  function withKey(certificate: Certificate, spki: Uint8Array): Party {
    return withField({ ...leaf, certificate }, 6, spki)
  }
})

describe('what OpenSSL refuses beyond RFC 5280 is refused here too', () => {
  const netscape = (bits: number) =>
    extension('2.16.840.1.113730.1.1', encodeDer(0x03, Uint8Array.of(0, bits)), false)
  const bits = (value: Uint8Array) => extension('2.5.29.31', value, false)

  test.each([
    ['a Netscape type that allows TLS clients', netscape(0x80), 'ok'],
    ['a Netscape type of servers only', netscape(0x40), 'wrong-purpose'],
    ['a proxy certificate', extension('1.3.6.1.5.5.7.1.14', sequence(), false), 'bad-constraints'],
    ['address blocks', extension('1.3.6.1.5.5.7.1.7', sequence(), false), 'bad-constraints'],
    ['malformed CRL distribution points', bits(sequence()), 'malformed'],
    ['a point that is none', bits(sequence(sequence(encodeDer(0xa0, sequence())))), 'malformed'],
    ['a point without parts', bits(sequence(sequence())), 'ok'],
  ] as const)('%s', async (_, added, code) => {
    const end = await party('end', intermediate, { ...client, extensions: [added] })
    expect(codeOf(ask([end, intermediate]))).toBe(code)
  })

  test('a leaf that names another key than the one of its issuer', () => {
    const named = Buffer.from(intermediate.certificate.subjectKeyId ?? '', 'hex').toString('hex')
    const other = `00${named.slice(2)}`
    const odd = resigned(leaf, intermediate, `8014${named}`, `8014${other}`)
    expect(odd.certificate.authorityKeyId).toBe(other)
    expect(codeOf(ask([odd, intermediate]))).toBe('unknown-authority')
  })

  test('a leaf without any name', async () => {
    const subject = buildName([])
    const subjectAltNames = [{ type: 'dns', value: 'a.test' }] as const
    const end = await party('end', intermediate, { ...client, subject, subjectAltNames })
    expect(codeOf(ask([end, intermediate]))).toBe('ok')
    const bare = { ...end.certificate, subjectAltNames: [] }
    expect(codeOf(ask([{ ...end, certificate: bare }, intermediate]))).toBe('bad-constraints')
  })
})

describe('a TLS server looks at one path only', () => {
  const question = (change: Partial<ChainQuestion>): ChainQuestion => ({
    leaf: leaf.certificate,
    intermediates: [intermediate.certificate],
    anchors: [root.certificate],
    time: now,
    purpose: 'client',
    ...change,
  })

  test('the first certificate of an intermediate counts, even if the second would do', async () => {
    const purposes = { extendedKeyUsage: ['serverAuth'], ca: {} }
    const twin = await party('Intermediate', root, purposes, intermediate.keys)
    const both = [twin.certificate, intermediate.certificate]
    expect(codeOf(verifyChain(question({ intermediates: both })))).toBe('ok')
    expect(codeOf(verifyTlsChain(question({ intermediates: both })))).toBe('wrong-purpose')
    expect(codeOf(verifyTlsChain(question({ intermediates: both.toReversed() })))).toBe('ok')
  })

  test('an anchor of the same name that did not sign is not passed over', async () => {
    const unnamed = { ...intermediate.certificate, authorityKeyId: null }
    const namesake = await party('Root', 'self', { ca: {} })
    const anchors = [namesake.certificate, root.certificate]
    const asked = question({ intermediates: [unnamed], anchors })
    expect(codeOf(verifyChain(asked))).toBe('ok')
    expect(codeOf(verifyTlsChain(asked))).toBe('bad-signature')
  })

  test('the last second is past for it', () => {
    const at = (offsetMs: number) => question({ time: new Date(later.getTime() + offsetMs) })
    expect(codeOf(verifyTlsChain(at(-1000)))).toBe('ok')
    expect(codeOf(verifyChain(at(0)))).toBe('ok')
    expect(codeOf(verifyTlsChain(at(0)))).toBe('expired')
  })

  test('it accepts nothing that no path can save', () => {
    expect(codeOf(verifyTlsChain(question({ intermediates: [] })))).toBe('unknown-authority')
    expect(codeOf(verifyTlsChain(question({ anchors: [leaf.certificate] })))).toBe('ok')
  })
})
