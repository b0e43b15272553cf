import { hash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { wireLimits } from './limits.ts'

/**
 * What the peer sent, as DER, leaf first. Empty without a certificate.
 *
 * After a full handshake Node gives every certificate in the order in which it was sent, unrelated
 * ones included, as a linked list through `issuerCertificate`; it takes the list out of the session
 * while doing so, therefore this is called once per connection, and nothing before it may ask. A
 * session ticket holds the leaf only (OpenSSL's SSL_SESSION, TLS 1.2 and 1.3), so after resumption
 * there is one certificate: `ChainMemory` gives the rest back.
 */
export function readPeerChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate()
  while (certificate) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

/** Sum of the DER lengths of a chain. */
export function chainBytes(chain: readonly Uint8Array[]): number {
  return chain.reduce((sum, certificate) => sum + certificate.length, 0)
}

/**
 * The chains with which the peers of one trust domain came, for those who come back with a
 * session. Bounded; the one not used for longest is forgotten, and its peer is then seen with its
 * leaf alone.
 */
export class ChainMemory {
  readonly #chains = new Map<string, readonly Uint8Array[]>()

  remember(chain: readonly Uint8Array[]): void {
    const leaf = chain[0]
    if (!leaf || chain.length < 2 || chainBytes(chain) > wireLimits.rememberedChainBytesMax) return
    const key = keyOf(leaf)
    this.#chains.delete(key)
    this.#chains.set(key, chain)
    if (this.#chains.size > wireLimits.rememberedChainsMax) {
      const oldest = this.#chains.keys().next()
      if (!oldest.done) this.#chains.delete(oldest.value)
    }
  }

  /** The chain that this leaf came with, or the leaf alone. */
  recall(chain: readonly Uint8Array[]): readonly Uint8Array[] {
    const leaf = chain[0]
    if (!leaf || chain.length > 1) return chain
    const known = this.#chains.get(keyOf(leaf))
    if (known) this.remember(known)
    return known ?? chain
  }
}

function keyOf(leaf: Uint8Array): string {
  return hash('sha256', leaf, 'base64')
}
