import { createPublicKey, type KeyObject } from 'node:crypto'
import { assertAlgorithmIdentifier, curveName } from './algorithms.ts'
import { type DerNode, readDer } from './der.ts'
import { childOf, readBitString, readInteger, readOid } from './der-read.ts'
import { PkiError } from './errors.ts'

/** What a SubjectPublicKeyInfo says about its key. */
export interface PublicKeyFacts {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448' | 'other'
  /** `RSA 2048`, `EC P-256`, `Ed25519`, or the algorithm's number. */
  readonly description: string
  /** Size of an RSA modulus; `null` for other kinds. */
  readonly modulusBits: number | null
  readonly publicExponent: bigint | null
  /** `P-256` or the number of the curve; `null` for other kinds. */
  readonly curve: string | null
}

const kinds = new Map<string, [PublicKeyFacts['kind'], string]>([
  ['1.2.840.113549.1.1.1', ['rsa', 'RSA']],
  ['1.2.840.113549.1.1.10', ['rsa-pss', 'RSA-PSS']],
  ['1.2.840.10045.2.1', ['ec', 'EC']],
  ['1.3.101.112', ['ed25519', 'Ed25519']],
  ['1.3.101.113', ['ed448', 'Ed448']],
])

/** Reads the facts without loading the key, so that any key a stranger has can be described. */
export function publicKeyFacts(spki: DerNode): PublicKeyFacts {
  const algorithm = childOf(spki, 0, 0x30)
  assertAlgorithmIdentifier(algorithm)
  if (spki.children.length !== 2) throw new PkiError('pki/malformed-der', 'a key has odd parts')
  const { bytes } = readBitString(childOf(spki, 1))
  const oid = readOid(childOf(algorithm, 0))
  const [kind, name] = kinds.get(oid) ?? (['other', oid] as const)
  const none = { modulusBits: null, publicExponent: null, curve: null }
  if (kind === 'rsa' || kind === 'rsa-pss') {
    const key = readDer(bytes)
    const modulus = readInteger(childOf(key, 0))
    const modulusBits = modulus.toString(2).length
    const publicExponent = readInteger(childOf(key, 1))
    return { ...none, kind, description: `${name} ${modulusBits}`, modulusBits, publicExponent }
  }
  if (kind === 'ec') {
    const parameters = algorithm.children[1]
    // Parameters may spell a curve out; RFC 5480 section 2.1.1 wants its name, and so do we.
    const curve = parameters?.tag === 0x06 ? curveName(readOid(parameters)) : 'explicit'
    return { ...none, kind, description: `${name} ${curve}`, curve }
  }
  return { ...none, kind, description: name }
}

/** `RSA 2048`, `EC P-256`, `Ed25519`: the same text for both halves of a key pair. */
export function describeKey(key: KeyObject): string {
  return publicKeyFacts(readDer(spkiOf(key))).description
}

/** DER SubjectPublicKeyInfo of either half: what "the same key" means (pki.md section 11, trap 15). */
export function spkiOf(key: KeyObject): Uint8Array {
  if (key.type === 'secret')
    throw new PkiError('pki/unsupported-key', 'a secret key has no public half')
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ type: 'spki', format: 'der' })
}

/**
 * True for an RSA key that no authority has and that costs ten times one that they have: a stranger
 * chooses the keys, and we check many. Exponents of authorities have 17 bits.
 */
export function isCostlyKey({ modulusBits, publicExponent }: PublicKeyFacts): boolean {
  return (modulusBits ?? 0) > 8192 || (publicExponent ?? 0n) >= 2n ** 33n
}

/**
 * Reason for which a key must not be certified or trusted (pki.md section 3, row "allowed keys"), or
 * `null`: RSA 2048 to 8192 in whole octets with an odd exponent above 2^16, P-256, P-384, P-521, Ed25519.
 */
export function keyWeakness(facts: PublicKeyFacts): string | null {
  const { kind, modulusBits, publicExponent, curve, description } = facts
  if (kind === 'ed25519') return null
  if (kind === 'ec') return weakCurve(curve)
  // A key for RSA-PSS only is read by few peers: Envoy knows none, so no host may depend on one.
  if (kind !== 'rsa') return `keys of type ${description} are not accepted`
  const bits = modulusBits ?? 0
  if (bits < 2048 || bits > 8192) return `${description}: the modulus must have 2048 to 8192 bits`
  if (bits % 8 !== 0) return `${description}: the modulus must be a multiple of 8 bits`
  const exponent = publicExponent ?? 0n
  if (exponent <= 65536n || exponent % 2n === 0n) {
    return `${description}: the public exponent must be odd and above 65536`
  }
  return null
}

function weakCurve(curve: string | null): string | null {
  return curve === 'P-256' || curve === 'P-384' || curve === 'P-521'
    ? null
    : `the curve ${curve} is not accepted`
}
