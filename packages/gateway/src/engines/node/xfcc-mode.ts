import { type PeerIdentity, parseXfcc, TrustError, writeXfccElement } from '@twinlatch/trust'
import type { CompiledServer, XfccSettings } from '../../compiled.ts'

/** What the mode makes of `x-forwarded-client-cert`. */
type XfccResult =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'malformed'; readonly reason: string }

/** Our element for a peer, `null` for none: the same for all requests of a connection. */
export function ownXfccElement(
  server: CompiledServer,
  identity: PeerIdentity | null,
): string | null {
  if (!identity) return null
  const by = server.material.ready ? server.material.ownUriSans : []
  return writeXfccElement({ by, identity, details: server.xfcc.details })
}

/**
 * The value that goes on, `null` for none (gateway.md section 7.3). An inbound value is read only
 * where the mode keeps it, and then it has to be well-formed. `own` is our element for the peer.
 */
export function applyXfccMode(
  settings: XfccSettings,
  inboundLines: readonly string[],
  own: string | null,
): XfccResult {
  const inbound = inboundLines.length === 0 ? null : inboundLines.join(',')
  if (settings.mode === 'ALWAYS_FORWARD_ONLY') return keep(inbound, (value) => value)
  if (own === null || settings.mode === 'SANITIZE') return { kind: 'value', value: null }
  if (settings.mode === 'FORWARD_ONLY') return keep(inbound, (value) => value)
  if (settings.mode === 'SANITIZE_SET') return { kind: 'value', value: own }
  return keep(inbound, (value) => (value ? `${value},${own}` : own))
}

function keep(inbound: string | null, use: (value: string | null) => string | null): XfccResult {
  try {
    if (inbound !== null) parseXfcc(inbound)
    return { kind: 'value', value: use(inbound) }
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
    return { kind: 'malformed', reason: error.message }
  }
}
