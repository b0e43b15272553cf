import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { PkiError } from './errors.ts'
import { hasKey } from './keystore-content.ts'
import { keystoreLimits } from './keystore-limits.ts'

/** What every keystore we write is made of. */
export interface KeystoreOrder {
  readonly privateKey: KeyObject
  /** Leaf first, each followed by its issuer. */
  readonly chain: readonly Certificate[]
}

/** Rounds of key derivation in files we write: a floor against guessing, a ceiling so that readers accept the file. */
export const iterationBounds = { min: 2_048, default: 10_000, max: 1_000_000 } as const

/**
 * The leaf of an order whose key and chain fit together; anything else is refused before a file
 * could come into the world that does not work.
 */
export function checkKeystoreOrder(order: KeystoreOrder): Certificate {
  const [leaf] = order.chain
  if (!leaf) {
    throw new PkiError('pki/keystore-incomplete-chain', 'a keystore needs at least one certificate')
  }
  if (order.chain.length > keystoreLimits.certificatesMax) {
    throw new PkiError(
      'pki/keystore-limits',
      `a keystore holds at most ${keystoreLimits.certificatesMax} certificates`,
    )
  }
  if (!hasKey(leaf, createPublicKey(order.privateKey))) {
    throw new PkiError(
      'pki/keystore-key-mismatch',
      'the private key does not belong to the first certificate of the chain',
    )
  }
  order.chain.forEach((issuer, index) => {
    const subject = order.chain[index - 1]
    if (subject && Buffer.compare(subject.issuer.raw, issuer.subject.raw) !== 0) {
      throw new PkiError(
        'pki/keystore-incomplete-chain',
        `certificate ${index + 1} of the chain is not the issuer of certificate ${index}`,
      )
    }
  })
  return leaf
}

/** `iterations`, or the default, within the bounds of files we write. */
export function checkIterationsForWriting(iterations: number | undefined): number {
  const count = iterations ?? iterationBounds.default
  if (!Number.isInteger(count) || count < iterationBounds.min || count > iterationBounds.max) {
    throw new PkiError(
      'pki/keystore-limits',
      `${count} iterations; ${iterationBounds.min} to ${iterationBounds.max} are allowed`,
    )
  }
  return count
}
