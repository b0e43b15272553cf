import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { signatureOidOf } from './algorithms.ts'
import { encodeDer, readDer } from './der.ts'
import { oid, sequence } from './der-write.ts'
import { PkiError } from './errors.ts'
import { publicKeyFacts, spkiOf } from './key-description.ts'

/** Algorithm a signer signs with. */
export interface SigningAlgorithm {
  /** Name as OpenSSL prints it. */
  readonly name: string
  /** DER AlgorithmIdentifier, as it stands in the certificate. */
  readonly identifier: Uint8Array
}

/**
 * Something that signs for one key without showing it: a key in memory, a command, a KMS (pki.md
 * section 8). `sign` gets the bytes to be signed, not their digest.
 */
export interface Signer {
  readonly publicKey: KeyObject
  readonly algorithm: SigningAlgorithm
  sign(tbs: Uint8Array): Promise<Uint8Array>
}

/**
 * Signer of a private key in memory: SHA-256 for RSA and P-256, SHA-384 and SHA-512 for the larger
 * curves, Ed25519 as it is. Signs in the thread pool. Throws `pki/unsupported-key` for other keys.
 */
export function createKeySigner(privateKey: KeyObject): Signer {
  const { name, digest } = signingChoice(privateKey)
  // RSA carries NULL parameters, ECDSA and Ed25519 carry none (pki.md section 3).
  const parameters = privateKey.asymmetricKeyType === 'rsa' ? [encodeDer(0x05)] : []
  return {
    publicKey: createPublicKey(privateKey),
    algorithm: { name, identifier: sequence(oid(signatureOidOf(name)), ...parameters) },
    sign: (tbs) =>
      new Promise((resolve, reject) => {
        sign(digest, tbs, privateKey, (error, signature) => {
          if (error === null) resolve(signature)
          else reject(error)
        })
      }),
  }
}

function signingChoice(privateKey: KeyObject): { name: string; digest: string | null } {
  const facts = publicKeyFacts(readDer(spkiOf(privateKey)))
  if (facts.kind === 'rsa') return { name: 'sha256WithRSAEncryption', digest: 'sha256' }
  if (facts.kind === 'ed25519') return { name: 'ED25519', digest: null }
  const ec = facts.kind === 'ec' ? facts.curve : null
  if (ec === 'P-256') return { name: 'ecdsa-with-SHA256', digest: 'sha256' }
  if (ec === 'P-384') return { name: 'ecdsa-with-SHA384', digest: 'sha384' }
  if (ec === 'P-521') return { name: 'ecdsa-with-SHA512', digest: 'sha512' }
  throw new PkiError('pki/unsupported-key', `cannot sign with a key of type ${facts.description}`)
}
