import type { DerNode } from './der.ts'
import { assertSoundPrimitive, childOf, readOid } from './der-read.ts'
import { PkiError } from './errors.ts'

/** What a signature algorithm identifier means for us. */
export interface SignatureAlgorithm {
  /** Name as OpenSSL prints it. */
  readonly name: string
  /** Digest, or `null` where the algorithm has its own. */
  readonly digest: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | null
}

const signatureAlgorithms = new Map<string, SignatureAlgorithm>([
  ['1.2.840.113549.1.1.4', { name: 'md5WithRSAEncryption', digest: 'md5' }],
  ['1.2.840.113549.1.1.5', { name: 'sha1WithRSAEncryption', digest: 'sha1' }],
  ['1.2.840.113549.1.1.10', { name: 'rsassaPss', digest: null }],
  ['1.2.840.113549.1.1.11', { name: 'sha256WithRSAEncryption', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { name: 'sha384WithRSAEncryption', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { name: 'sha512WithRSAEncryption', digest: 'sha512' }],
  ['1.2.840.113549.1.1.14', { name: 'sha224WithRSAEncryption', digest: 'sha224' }],
  ['1.2.840.10045.4.1', { name: 'ecdsa-with-SHA1', digest: 'sha1' }],
  ['1.2.840.10045.4.3.1', { name: 'ecdsa-with-SHA224', digest: 'sha224' }],
  ['1.2.840.10045.4.3.2', { name: 'ecdsa-with-SHA256', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { name: 'ecdsa-with-SHA384', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { name: 'ecdsa-with-SHA512', digest: 'sha512' }],
  ['1.3.101.112', { name: 'ED25519', digest: null }],
  ['1.3.101.113', { name: 'ED448', digest: null }],
])

const digests = new Map<string, SignatureAlgorithm['digest']>([
  ['1.2.840.113549.2.5', 'md5'],
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

const curves = new Map<string, string>([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
  ['1.3.132.0.10', 'secp256k1'],
])

/**
 * What an AlgorithmIdentifier of a signature means. RSA-PSS keeps its digest in the parameters, and
 * without them it is SHA-1 (RFC 4055 section 3.1); an algorithm we do not know has its number as name.
 */
export function readSignatureAlgorithm(identifier: DerNode): SignatureAlgorithm {
  assertAlgorithmIdentifier(identifier)
  const oid = readOid(childOf(identifier, 0))
  const known = signatureAlgorithms.get(oid)
  if (known?.name !== 'rsassaPss') return known ?? { name: oid, digest: null }
  const hashField = identifier.children[1]?.children.find(({ tag }) => tag === 0xa0)
  if (hashField === undefined) return { ...known, digest: 'sha1' }
  return { ...known, digest: digests.get(readOid(childOf(childOf(hashField, 0), 0))) ?? null }
}

/** Refuses what is no AlgorithmIdentifier: a number, and at most one parameter of sound form. */
export function assertAlgorithmIdentifier({ tag, children }: DerNode): void {
  if (tag !== 0x30 || children.length < 1 || children.length > 2) {
    throw new PkiError('pki/malformed-der', 'not a usable algorithm identifier')
  }
  const [, parameter] = children
  if (parameter !== undefined) assertSoundPrimitive(parameter)
}

/** Common name of an elliptic curve, or its dotted number. */
export function curveName(oid: string): string {
  return curves.get(oid) ?? oid
}

const signatureOids = new Map<string, string>(
  [...signatureAlgorithms].map(([oid, { name }]) => [name, oid]),
)

/** Object identifier of a signature algorithm by the name OpenSSL prints. */
export function signatureOidOf(name: string): string {
  const oid = signatureOids.get(name)
  if (oid === undefined) throw new PkiError('pki/unsupported-key', `unknown algorithm ${name}`)
  return oid
}
