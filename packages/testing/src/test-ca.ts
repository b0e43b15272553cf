import {
  type AttributeText,
  buildName,
  type Certificate,
  createKeySigner,
  encodePem,
  equalNames,
  generateKeyPair,
  issueCertificate,
  issueRevocationList,
  type KeyPair,
  type KeyType,
  type Name,
  newSerial,
  parseDistinguishedName,
} from '@twinlatch/pki'
import { createTestCertificate, pemOf, type TestCertificate } from './test-certificate.ts'

/** What an authority for a test is made of. */
export interface TestAuthorityOptions {
  /** CN of the root is `<name> Root`, of the intermediates `<name> Intermediate 1`, and so on. */
  readonly name: string
  /** 1 unless given; 0 lets the root sign leaves itself. */
  readonly intermediates?: number
  readonly keyType?: KeyType
  /** Everything is valid around this time; the machine's clock unless given. */
  readonly now?: Date
}

/** One way in which a leaf can be wrong; `valid` is right. */
export type LeafShape =
  | 'valid'
  | 'expired'
  | 'not-yet-valid'
  /** extendedKeyUsage serverAuth only, or clientAuth only for a server. */
  | 'wrong-purpose'
  /** No extendedKeyUsage at all. */
  | 'any-purpose'
  /** Signed by its own key: no authority vouches for it. */
  | 'self-signed'
  /** Right, but sent without the intermediates. */
  | 'missing-intermediate'

/** A leaf to be issued. */
export interface TestLeafOrder {
  /** A distinguished name in any spelling, or attributes in certificate order. */
  readonly subject: string | readonly AttributeText[]
  readonly shape?: LeafShape
  readonly purpose?: 'client' | 'server'
  readonly subjectAltNames?: readonly {
    readonly type: 'dns' | 'uri' | 'email' | 'ip'
    readonly value: string
  }[]
  readonly keyType?: KeyType
}

/** A root, its intermediates, and leaves of any shape. Another authority is another call. */
export interface TestAuthority {
  readonly root: Certificate
  /** The one that signs leaves first, the one under the root last. */
  readonly intermediates: readonly Certificate[]
  /** PEM of the root: what a peer trusts. */
  readonly rootPem: string
  issue(order: TestLeafOrder): Promise<TestCertificate>
  /**
   * PEM of the revocation lists of root and intermediates, valid around `now`; each of `revoked` is on
   * the list of its issuer.
   */
  revocationLists(revoked?: readonly Certificate[]): Promise<string>
}

const dayMs = 86_400_000

/**
 * Makes a throwaway authority with keys in memory only, so that no test needs a committed
 * certificate that expires one day. EC P-256 unless told otherwise, because keys are made in
 * microseconds.
 */
export async function createTestAuthority(options: TestAuthorityOptions): Promise<TestAuthority> {
  const { name, keyType = 'ec-p256' } = options
  // Certificates know whole seconds only: a fraction would let an issuer end before its leaf.
  const now = new Date(Math.floor((options.now ?? new Date()).getTime() / 1000) * 1000)
  const count = options.intermediates ?? 1
  const rootKey = await generateKeyPair(keyType)
  const root = await issueCertificate(
    authorityTemplate(`${name} Root`, rootKey, count, now),
    'self',
    createKeySigner(rootKey.privateKey),
  )
  let issuer = { certificate: root, key: rootKey }
  const intermediates: Certificate[] = []
  const authorities = [issuer]
  for (let index = 1; index <= count; index++) {
    const key = await generateKeyPair(keyType)
    const certificate = await issueCertificate(
      authorityTemplate(`${name} Intermediate ${index}`, key, count - index, now),
      { certificate: issuer.certificate },
      createKeySigner(issuer.key.privateKey),
    )
    intermediates.unshift(certificate)
    issuer = { certificate, key }
    authorities.push(issuer)
  }
  return {
    root,
    intermediates,
    rootPem: pemOf([root]),
    issue: (order) => issueLeaf(order, { issuer, intermediates, root, keyType, now }),
    revocationLists: async (revoked = []) => {
      const lists = authorities.map((authority) => revocationListOf(authority, revoked, now))
      return (await Promise.all(lists)).join('')
    },
  }
}

interface LeafIssuer {
  readonly issuer: { readonly certificate: Certificate; readonly key: KeyPair }
  readonly intermediates: readonly Certificate[]
  readonly root: Certificate
  readonly keyType: KeyType
  readonly now: Date
}

async function issueLeaf(order: TestLeafOrder, by: LeafIssuer): Promise<TestCertificate> {
  const { shape = 'valid', purpose = 'client' } = order
  const key = await generateKeyPair(order.keyType ?? by.keyType)
  const selfSigned = shape === 'self-signed'
  const certificate = await issueCertificate(
    {
      subject: nameOf(order.subject),
      publicKey: key.publicKey,
      serial: newSerial(),
      ...windowOf(shape, by.now),
      keyUsage: ['digitalSignature'],
      ...(shape === 'any-purpose' ? {} : { extendedKeyUsage: [usageOf(shape, purpose)] }),
      subjectAltNames: order.subjectAltNames ?? [],
    },
    selfSigned ? 'self' : { certificate: by.issuer.certificate },
    createKeySigner(selfSigned ? key.privateKey : by.issuer.key.privateKey),
  )
  const alone = selfSigned || shape === 'missing-intermediate'
  return createTestCertificate({
    certificate,
    privateKey: key.privateKey,
    chain: alone ? [certificate] : [certificate, ...by.intermediates],
    root: by.root,
  })
}

async function revocationListOf(
  { certificate, key }: LeafIssuer['issuer'],
  revoked: readonly Certificate[],
  now: Date,
): Promise<string> {
  const own = revoked.filter(({ issuer }) => equalNames(issuer, certificate.subject))
  const template = {
    number: 1n,
    thisUpdate: new Date(now.getTime() - dayMs / 24),
    nextUpdate: new Date(now.getTime() + dayMs),
    entries: own.map(({ serial }) => ({ serial, revokedAt: now })),
  }
  const signer = createKeySigner(key.privateKey)
  return encodePem('X509 CRL', (await issueRevocationList(template, certificate, signer)).raw)
}

function authorityTemplate(commonName: string, key: KeyPair, pathLength: number, now: Date) {
  return {
    subject: buildName([
      { type: 'C', value: 'DE' },
      { type: 'O', value: 'Twinlatch Test' },
      { type: 'CN', value: commonName },
    ]),
    publicKey: key.publicKey,
    serial: newSerial(),
    notBefore: new Date(now.getTime() - 30 * dayMs),
    notAfter: new Date(now.getTime() + 365 * dayMs),
    ca: { pathLength },
    keyUsage: ['keyCertSign', 'cRLSign'],
  }
}

function windowOf(shape: LeafShape, now: Date): { notBefore: Date; notAfter: Date } {
  const [from, to] =
    shape === 'expired' ? [-20, -1] : shape === 'not-yet-valid' ? [1, 30] : [-1, 30]
  return {
    notBefore: new Date(now.getTime() + from * dayMs),
    notAfter: new Date(now.getTime() + to * dayMs),
  }
}

function usageOf(shape: LeafShape, purpose: 'client' | 'server'): string {
  const server = (purpose === 'server') !== (shape === 'wrong-purpose')
  return server ? 'serverAuth' : 'clientAuth'
}

function nameOf(subject: TestLeafOrder['subject']): Name {
  return typeof subject === 'string' ? parseDistinguishedName(subject).name : buildName(subject)
}
