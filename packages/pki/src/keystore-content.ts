import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { isSignedBy } from './chain-search.ts'
import { PkiError } from './errors.ts'
import { corruptFile, unsupportedAlgorithm } from './keystore-faults.ts'
import { keystoreLimits } from './keystore-limits.ts'

/** A private key as it lay in a file, before it is known which certificate belongs to it. */
export interface FoundKey {
  readonly privateKey: KeyObject
  readonly alias: string | null
  readonly localKeyId: string | null
}

/** A certificate as it lay in a file. */
export interface FoundCertificate {
  readonly certificate: Certificate
  readonly alias: string | null
  readonly localKeyId: string | null
}

/** A key with what belongs to it; `leaf` is null when no certificate of the file has this key. */
export interface MatchedKey {
  readonly key: FoundKey
  readonly leaf: FoundCertificate | null
  /** Leaf first, each followed by its issuer, as far as the file goes; empty without a leaf. */
  readonly chain: readonly Certificate[]
}

const keyTypes: ReadonlySet<string | undefined> = new Set([
  'rsa',
  'rsa-pss',
  'ec',
  'ed25519',
  'ed448',
])

// OpenSSL refuses to use longer RSA keys; they only cost time.
const rsaBitsMax = 16_384

/**
 * A private key from its DER, `type` as `node:crypto` names the forms. Keys that no TLS
 * certificate of ours can have (DSA, X25519, oversized RSA) are refused by name.
 */
export function parsePrivateKey(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  const key = decodeKey(der, type)
  if (!keyTypes.has(key.asymmetricKeyType)) {
    throw unsupportedAlgorithm(
      `a private key of type ${key.asymmetricKeyType}`,
      'use an RSA, EC or Ed25519 key',
    )
  }
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > rsaBitsMax) {
    throw new PkiError('pki/keystore-limits', `an RSA key is longer than ${rsaBitsMax} bits`)
  }
  return key
}

/**
 * Ties each key to its certificate: by `localKeyID` where the key's occurs on a certificate, else
 * by equal public keys (pki.md sections 4.1 and 11, trap 15). An id that points to a certificate
 * with another public key is a mismatch, not a reason to look further.
 */
export function matchKeys(
  keys: readonly FoundKey[],
  certificates: readonly FoundCertificate[],
): MatchedKey[] {
  const finder = new IssuerFinder(certificates.map((found) => found.certificate))
  return keys.map((key) => {
    const named = certificates.filter(
      (found) => key.localKeyId !== null && found.localKeyId === key.localKeyId,
    )
    const publicKey = createPublicKey(key.privateKey)
    const candidates = named.length > 0 ? named : certificates
    const leaf = candidates.find((found) => hasKey(found.certificate, publicKey)) ?? null
    return { key, leaf, chain: leaf ? finder.chainOf(leaf.certificate) : [] }
  })
}

/** True when the certificate is for this public key, compared as key, not as text. */
export function hasKey(certificate: Certificate, publicKey: KeyObject): boolean {
  try {
    const own = certificate.publicKey
    // `equals` of two kinds leaves an error behind in OpenSSL, which fails the next key that is loaded.
    return own.asymmetricKeyType === publicKey.asymmetricKeyType && own.equals(publicKey)
  } catch {
    // A key of a kind that node:crypto does not know can belong to none that it does.
    return false
  }
}

/** Finds issuers within one file, by name bytes and signature, with a bounded number of signature checks. */
export class IssuerFinder {
  readonly #certificates: readonly Certificate[]
  #checksLeft: number = keystoreLimits.signatureChecksMax

  constructor(certificates: readonly Certificate[]) {
    this.#certificates = certificates
  }

  chainOf(leaf: Certificate): Certificate[] {
    const chain = [leaf]
    for (let current: Certificate | undefined = leaf; current; ) {
      current = current.selfIssued ? undefined : this.#issuerOf(current, chain)
      if (current) chain.push(current)
    }
    return chain
  }

  #issuerOf(subject: Certificate, chain: readonly Certificate[]): Certificate | undefined {
    if (chain.length >= keystoreLimits.chainLengthMax) return undefined
    return this.#certificates.find(
      (issuer) =>
        !chain.includes(issuer) &&
        Buffer.compare(issuer.subject.raw, subject.issuer.raw) === 0 &&
        this.#checksLeft-- > 0 &&
        isSignedBy(subject, issuer),
    )
  }
}

function decodeKey(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type })
    // OpenSSL takes the public half that lies beside an EC key as it is, be it no point of the curve.
    createPublicKey(key).export({ type: 'spki', format: 'der' })
    return key
  } catch (error) {
    throw corruptFile('its private key is not readable', error)
  }
}
