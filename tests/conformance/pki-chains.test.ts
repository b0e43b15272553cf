import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  buildName,
  type Certificate,
  type CertificateTemplate,
  createKeySigner,
  encodePem,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
  type KeyType,
  newSerial,
  verifyChain,
} from '@twinlatch/pki'
import { createTemporaryDirectory, requireTool } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const dayMs = 86_400_000
const now = new Date()

interface Party {
  readonly certificate: Certificate
  readonly keys: KeyPair
}

async function party(
  name: string,
  issuer: Party | 'self',
  type: KeyType,
  change: Partial<CertificateTemplate>,
): Promise<Party> {
  const keys = await generateKeyPair(type)
  const template: CertificateTemplate = {
    subject: buildName([
      { type: 'C', value: 'DE' },
      { type: 'O', value: 'Müller & Söhne, Inc.' },
      { type: 'CN', value: name },
    ]),
    publicKey: keys.publicKey,
    serial: newSerial(),
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + dayMs),
    keyUsage: change.ca === undefined ? ['digitalSignature'] : ['keyCertSign', 'cRLSign'],
    ...change,
  }
  const signer = createKeySigner((issuer === 'self' ? keys : issuer.keys).privateKey)
  return { certificate: await issueCertificate(template, issuer, signer), keys }
}

interface Verdict {
  readonly openssl: boolean
  readonly ours: string
}

/** Asks both judges whether the chain may authenticate a client. */
async function judge(leaf: Party, above: readonly Party[], root: Party): Promise<Verdict> {
  await using directory = await createTemporaryDirectory()
  const write = async (name: string, parties: readonly Party[]) => {
    const path = join(directory.path, name)
    const blocks = parties.map(({ certificate }) => encodePem('CERTIFICATE', certificate.raw))
    await writeFile(path, blocks.join(''))
    return path
  }
  const { exitCode } = await openssl.run([
    'verify',
    '-x509_strict',
    '-purpose',
    'sslclient',
    '-CAfile',
    await write('root.pem', [root]),
    ...(above.length === 0 ? [] : ['-untrusted', await write('above.pem', above)]),
    await write('leaf.pem', [leaf]),
  ])
  const result = verifyChain({
    leaf: leaf.certificate,
    intermediates: above.map(({ certificate }) => certificate),
    anchors: [root.certificate],
    time: now,
    purpose: 'client',
  })
  return { openssl: exitCode === 0, ours: result.ok ? 'ok' : result.code }
}

const client = { extendedKeyUsage: ['clientAuth'] }

describe.skipIf(openssl.missing)('chains we issue pass the strict check of openssl', () => {
  test.each(['rsa2048', 'rsa3072', 'ec-p256', 'ec-p384', 'ed25519'] as const)(
    '%s',
    async (type) => {
      const root = await party('Root', 'self', type, { ca: {} })
      const issuing = await party('Issuing', root, type, { ca: { pathLength: 0 } })
      const leaf = await party('poster (P000000)', issuing, type, {
        ...client,
        subjectAltNames: [
          { type: 'uri', value: 'spiffe://example/ns/a' },
          { type: 'ip', value: '2001:db8::1' },
        ],
      })
      expect(await judge(leaf, [issuing], root)).toEqual({ openssl: true, ours: 'ok' })
    },
  )

  test('an RSA leaf below elliptic curves, as our default authorities issue it', async () => {
    const root = await party('Root', 'self', 'ec-p384', { ca: {} })
    const issuing = await party('Issuing', root, 'ec-p256', { ca: { pathLength: 0 } })
    const leaf = await party('leaf', issuing, 'rsa2048', client)
    expect(await judge(leaf, [issuing], root)).toEqual({ openssl: true, ours: 'ok' })
  })
})

describe.skipIf(openssl.missing)('both judges refuse', () => {
  const top = () => party('Root', 'self', 'ec-p256', { ca: { pathLength: 1 } })

  test('a chain without its intermediate', async () => {
    const root = await top()
    const issuing = await party('Issuing', root, 'ec-p256', { ca: {} })
    const leaf = await party('leaf', issuing, 'ec-p256', client)
    expect(await judge(leaf, [], root)).toEqual({ openssl: false, ours: 'unknown-authority' })
  })

  test('one authority too many', async () => {
    const root = await top()
    const first = await party('First', root, 'ec-p256', { ca: {} })
    const second = await party('Second', first, 'ec-p256', { ca: {} })
    const leaf = await party('leaf', second, 'ec-p256', client)
    const verdict = await judge(leaf, [first, second], root)
    expect(verdict).toEqual({ openssl: false, ours: 'bad-constraints' })
  })

  test('a server certificate', async () => {
    const root = await top()
    const leaf = await party('leaf', root, 'ec-p256', { extendedKeyUsage: ['serverAuth'] })
    expect(await judge(leaf, [], root)).toEqual({ openssl: false, ours: 'wrong-purpose' })
  })

  test('an expired leaf, and one of tomorrow', async () => {
    const root = await top()
    const old = {
      notBefore: new Date(now.getTime() - 2 * dayMs),
      notAfter: new Date(now.getTime() - 2000),
    }
    const expired = await party('leaf', root, 'ec-p256', { ...client, ...old })
    expect(await judge(expired, [], root)).toEqual({ openssl: false, ours: 'expired' })
    const notBefore = new Date(now.getTime() + dayMs / 2)
    const early = await party('leaf', root, 'ec-p256', { ...client, notBefore })
    expect(await judge(early, [], root)).toEqual({ openssl: false, ours: 'not-yet-valid' })
  })

  test('a self-signed certificate', async () => {
    const root = await top()
    const own = await party('own', 'self', 'ec-p256', { ca: {} })
    expect(await judge(own, [], root)).toEqual({ openssl: false, ours: 'self-signed' })
  })

  test('an unknown critical extension', async () => {
    const root = await top()
    const extensions = [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }]
    const leaf = await party('leaf', root, 'ec-p256', { ...client, extensions })
    expect(await judge(leaf, [], root)).toEqual({ openssl: false, ours: 'bad-constraints' })
  })

  test('a name outside the constraints of its authority', async () => {
    const root = await top()
    // permittedSubtrees with the one DNS name a.example.com.
    const constraints = Buffer.concat([
      Buffer.from('3013a011300f820d', 'hex'),
      Buffer.from('a.example.com'),
    ])
    const issuing = await party('Issuing', root, 'ec-p256', {
      ca: {},
      extensions: [{ oid: '2.5.29.30', critical: true, value: constraints }],
    })
    const inside = await party('in', issuing, 'ec-p256', {
      ...client,
      subjectAltNames: [{ type: 'dns', value: 'x.a.example.com' }],
    })
    const outside = await party('out', issuing, 'ec-p256', {
      ...client,
      subjectAltNames: [{ type: 'dns', value: 'b.example.com' }],
    })
    expect(await judge(inside, [issuing], root)).toEqual({ openssl: true, ours: 'ok' })
    const verdict = await judge(outside, [issuing], root)
    expect(verdict).toEqual({ openssl: false, ours: 'bad-constraints' })
  })
})
