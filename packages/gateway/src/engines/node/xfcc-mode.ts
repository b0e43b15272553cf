import { type PeerIdentity, parseXfcc, TrustError, writeXfccElement } from '@twinlatch/trust'
import type { XfccSettings } from '../../compiled.ts'

/** What the mode makes of `x-forwarded-client-cert`. */
type XfccResult =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'malformed'; readonly reason: string }

/**
 * The value that goes on, `null` for none (gateway.md section 7.3). An inbound value is read only
 * where the mode keeps it, and then it has to be well-formed.
 */
export function applyXfccMode(
  settings: XfccSettings,
  inboundLines: readonly string[],
  peer: { readonly identity: PeerIdentity | null; readonly ownUriSans: readonly string[] },
): XfccResult {
  const { identity } = peer
  const inbound = inboundLines.length === 0 ? null : inboundLines.join(',')
  if (settings.mode === 'ALWAYS_FORWARD_ONLY') return keep(inbound, (value) => value)
  if (!identity || settings.mode === 'SANITIZE') return { kind: 'value', value: null }
  if (settings.mode === 'FORWARD_ONLY') return keep(inbound, (value) => value)
  const own = writeXfccElement({ by: peer.ownUriSans, identity, details: settings.details })
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
