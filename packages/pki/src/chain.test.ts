import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Certificate, parseCertificate } from './certificate.ts'
import { buildPath, type ChainQuestion, verifyChain } from './chain.ts'
import type { ChainFault } from './chain-fault.ts'
import { chainLimits } from './chain-search.ts'
import { readDer } from './der.ts'
import { bitString, sequence } from './der-write.ts'
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

describe('accepted', () => {
  test('leaf, intermediate and root, in any order and with strangers between', async () => {
    const stranger = await party('Stranger', 'self', { ca: {} })
    const result = ask([leaf, stranger, root, intermediate])
    expect(result.ok && result.path.map(({ sha256 }) => sha256)).toEqual(
      [leaf, intermediate, root].map(({ certificate }) => certificate.sha256),
    )
  })

  test('every certificate of the bundle is an anchor by itself, with or without being sent', () => {
    const anchors = [intermediate.certificate]
    expect(ask([leaf], { anchors })).toMatchObject({ ok: true })
    expect(ask([leaf, intermediate, root], { anchors })).toMatchObject({ ok: true })
    expect(ask([leaf], { anchors: [leaf.certificate] })).toMatchObject({ ok: true })
  })

  test('a leaf without extended key usage has any purpose', async () => {
    const plain = await party('plain', intermediate)
    expect(codeOf(ask([plain, intermediate]))).toBe('ok')
    expect(codeOf(ask([plain, intermediate], { purpose: 'server' }))).toBe('ok')
  })

  test('another path when the first one fails: an expired cross-signed issuer beside a good one', async () => {
    const old = await party(
      'Intermediate',
      root,
      { ca: {}, notAfter: new Date(now.getTime() + 1000) },
      intermediate.keys,
    )
    const time = new Date(now.getTime() + 5000)
    expect(codeOf(ask([leaf, old, intermediate], { time }))).toBe('ok')
    expect(codeOf(ask([leaf, intermediate, old], { time }))).toBe('ok')
  })

  test('a self-issued authority does not count for the path length', async () => {
    const top = await party('Top', 'self', { ca: { pathLength: 1 } })
    const rolled = await party('Top', top, { ca: {} })
    const issuing = await party('Issuing', rolled, { ca: {} })
    const end = await party('end', issuing, client)
    const anchors = [top.certificate]
    expect(codeOf(ask([end, issuing, rolled], { anchors }))).toBe('ok')
  })
})

describe('validity, both ends included', () => {
  test.each([
    [-1, 'not-yet-valid'],
    [0, 'ok'],
    [later.getTime() - now.getTime(), 'ok'],
    [later.getTime() - now.getTime() + 999, 'ok'],
    [later.getTime() - now.getTime() + 1000, 'expired'],
  ])('%i ms after the beginning: %s', (offset, code) => {
    expect(codeOf(ask([leaf, intermediate], { time: new Date(now.getTime() + offset) }))).toBe(code)
  })

  test('an issuer that has expired is told apart', async () => {
    const end = new Date(now.getTime() + 10_000)
    const short = await party('Short', root, { ca: {}, notAfter: end })
    const valid = await party('valid', short, { ...client, notAfter: end })
    const time = new Date(end.getTime() + 1000)
    expect(codeOf(ask([valid, short], { time }))).toBe('expired')
    const anchors = [short.certificate]
    const long = resigned(valid, short, '32363131323431303030', '32363131323431303030')
    expect(codeOf(ask([long], { anchors, time: end }))).toBe('ok')
    const outlived = resigned(
      valid,
      short,
      Buffer.from('261124100010Z').toString('hex'),
      Buffer.from('271124100010Z').toString('hex'),
    )
    const result = ask([outlived, short], { time })
    expect(result).toMatchObject({ code: 'issuer-expired', certificate: short.certificate })
  })
})

describe('no path', () => {
  test('an authority that is not in the bundle', async () => {
    const foreignRoot = await party('Foreign', 'self', { ca: {} })
    const foreign = await party('foreign', foreignRoot, client)
    expect(codeOf(ask([foreign, foreignRoot]))).toBe('unknown-authority')
    expect(codeOf(ask([foreign]))).toBe('unknown-authority')
  })

  test('an intermediate that was not sent, when it is known from elsewhere', () => {
    expect(codeOf(ask([leaf]))).toBe('unknown-authority')
    const knownIntermediates = [intermediate.certificate]
    const result = ask([leaf], { knownIntermediates })
    expect(result).toMatchObject({ code: 'intermediate-missing', certificate: leaf.certificate })
  })

  test('a self-signed certificate', async () => {
    const own = await party('own', 'self', { ca: {} })
    expect(codeOf(ask([own]))).toBe('self-signed')
  })

  test('an authority of the same name with another key', async () => {
    const double = await party('Root', 'self', { ca: {} })
    const end = await party('end', double, client)
    expect(codeOf(ask([end, double]))).toBe('unknown-authority')
  })

  test('a signature that does not fit the key it names', () => {
    const forged = resigned(leaf, root, '6c656166', '6c656167')
    expect(codeOf(ask([forged, intermediate]))).toBe('bad-signature')
  })

  test('a name in the issuer field is not enough without the bytes being equal', async () => {
    const lower = await party('ROOT', 'self', { ca: {} }, root.keys)
    const end = await party('end', lower, client)
    expect(codeOf(ask([end]))).toBe('unknown-authority')
  })

  test.each([
    [chainLimits.signaturesMax - 2, 'ok'],
    [chainLimits.signaturesMax, 'too-long'],
  ])('an issuer behind %i others of its name: %s', async (count, code) => {
    // Without a key identifier in the leaf nothing says which of them to try first.
    const unnamed = { ...intermediate.certificate, subjectKeyId: null }
    const end = await party('end', { ...intermediate, certificate: unnamed }, client)
    const doubles: Party[] = []
    for (let index = 0; index < count; index += 1) {
      doubles.push(await party('Intermediate', 'self', { ca: {} }))
    }
    expect(codeOf(ask([end, ...doubles, intermediate]))).toBe(code)
  })

  test('the limits of the search hold in a mesh of cross-signed authorities', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => generateKeyPair('ec-p256')))
    const mesh: Party[] = []
    for (const [i, from] of keys.entries()) {
      const self = await party(`Mesh ${i}`, 'self', { ca: {} }, from)
      for (const [j, to] of keys.entries()) {
        if (i !== j) mesh.push(await party(`Mesh ${j}`, self, { ca: {} }, to))
      }
    }
    const first = mesh.find(({ certificate }) => certificate.subject.rdns.length > 0) ?? leaf
    const end = await party('end', first, client)
    const started = performance.now()
    expect(codeOf(ask([end, ...mesh]))).toBe('too-long')
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('ten certificates are a chain, eleven are too long', async () => {
    const line: Party[] = [root]
    for (let depth = 1; depth < chainLimits.depthMax; depth += 1) {
      line.unshift(await party(`Level ${depth}`, line[0] ?? root, { ca: {} }))
    }
    const tooDeep = await party('deep', line[0] ?? root, client)
    const fits = await party('fits', line[1] ?? root, client)
    expect(codeOf(ask([fits, ...line.slice(1)]))).toBe('ok')
    expect(codeOf(ask([tooDeep, ...line]))).toBe('too-long')
  })

  test('buildPath asks for names and signatures only', () => {
    const path = buildPath(leaf.certificate, [intermediate.certificate], [root.certificate])
    expect(path).toHaveLength(3)
    expect(buildPath(leaf.certificate, [], [root.certificate])).toBeNull()
  })
})
