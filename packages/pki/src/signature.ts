import { constants, type KeyObject, verify } from 'node:crypto'
import { readSignatureAlgorithm } from './algorithms.ts'
import type { DerNode } from './der.ts'
import { childOf, readInteger } from './der-read.ts'
import { PkiError } from './errors.ts'

/** Length of the salt when the parameters of RSA-PSS name none (RFC 4055 section 3.1). */
const defaultSaltBytes = 20

/**
 * Whether `publicKey` made `signature` over `bytes` by the algorithm of `identifier`. An algorithm we
 * do not know, or one that is not of this key's type, proves nothing and answers false.
 */
export function verifySignature(
  identifier: DerNode,
  bytes: Uint8Array,
  publicKey: KeyObject,
  signature: Uint8Array,
): boolean {
  try {
    const { name, digest } = readSignatureAlgorithm(identifier)
    if (!fitsKey(name, publicKey)) return false
    if (name !== 'rsassaPss') return verify(digest, bytes, publicKey, signature)
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return verify(
      digest,
      bytes,
      { key: publicKey, padding, saltLength: saltBytes(identifier) },
      signature,
    )
  } catch (cause) {
    if (cause instanceof PkiError || isCryptoError(cause)) return false
    throw cause
  }
}

function fitsKey(algorithm: string, { asymmetricKeyType }: KeyObject): boolean {
  if (algorithm.startsWith('ecdsa-with-')) return asymmetricKeyType === 'ec'
  if (algorithm.endsWith('WithRSAEncryption')) return asymmetricKeyType === 'rsa'
  if (algorithm === 'rsassaPss')
    return asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss'
  return algorithm.toLowerCase() === asymmetricKeyType
}

function saltBytes(identifier: DerNode): number {
  const field = identifier.children[1]?.children.find(({ tag }) => tag === 0xa2)
  return field === undefined ? defaultSaltBytes : Number(readInteger(childOf(field, 0)))
}

function isCryptoError(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return code.startsWith('ERR_')
}
