import { hash, type X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { wireLimits } from '../limits.ts'

/**
 * What the peer sent, as DER, leaf first. Empty without a certificate.
 *
 * Node 24.21 gives every certificate in the order in which it was sent, unrelated ones included, by
 * `getPeerX509Certificate` only; that call takes them out of the session and never frees them, some
 * 5 KiB a certificate. So it is made once per chain of a **verified** peer, and remembered. Of a peer
 * that is not verified, who may come as often as he likes, the leaf and its issuers are read the
 * other way, which can name one more: an anchor of ours that he did not send.
 *
 * A session ticket holds the leaf only (OpenSSL's SSL_SESSION, TLS 1.2 and 1.3), so after resumption
 * there is one certificate: `ChainMemory` gives the rest back.
 */
export function readPeerChain(
  socket: TLSSocket,
  chains: ChainMemory,
  state: { readonly verified: boolean; readonly resumed: boolean },
): readonly Uint8Array[] {
  // Nothing but the leaf is in a resumed session, so that nothing is lost.
  if (state.resumed) return readSentChain(socket)
  const issuers = readIssuers(socket)
  if (!state.verified || issuers.length < 2) return issuers
  const known = chains.sentWith(issuers)
  if (known !== undefined) return known ?? issuers
  const sent = readSentChain(socket)
  chains.rememberSent(issuers, sent)
  return sent
}

function readSentChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate()
  while (certificate) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

/** The leaf and who issued it, as far as it was sent or is an anchor; a root names itself. */
function readIssuers(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  const seen = new Set<DetailedPeerCertificate>()
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.raw && !seen.has(certificate)) {
    seen.add(certificate)
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
  readonly #sent = new Map<string, readonly Uint8Array[] | null>()

  /** What a verified peer with this leaf and these issuers sent before; `null`: too much to keep. */
  sentWith(issuers: readonly Uint8Array[]): readonly Uint8Array[] | null | undefined {
    return this.#sent.get(keyOf(Buffer.concat(issuers)))
  }

  rememberSent(issuers: readonly Uint8Array[], sent: readonly Uint8Array[]): void {
    const kept = chainBytes(sent) > wireLimits.rememberedChainBytesMax ? null : sent
    this.#sent.set(keyOf(Buffer.concat(issuers)), kept)
    forgetOldest(this.#sent)
  }

  remember(chain: readonly Uint8Array[]): void {
    const leaf = chain[0]
    if (!leaf || chain.length < 2 || chainBytes(chain) > wireLimits.rememberedChainBytesMax) return
    const key = keyOf(leaf)
    this.#chains.delete(key)
    this.#chains.set(key, chain)
    forgetOldest(this.#chains)
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

function forgetOldest(chains: Map<string, unknown>): void {
  if (chains.size <= wireLimits.rememberedChainsMax) return
  const oldest = chains.keys().next()
  if (!oldest.done) chains.delete(oldest.value)
}

function keyOf(leaf: Uint8Array): string {
  return hash('sha256', leaf, 'base64')
}
