import { createHash } from 'node:crypto'
import { type Certificate, parseCertificate } from '@twinlatch/pki'
import { identifyPeer, type PeerIdentity } from '@twinlatch/trust'
import { chainBytes } from '@twinlatch/wire'
import { Recent } from './recent.ts'

/** What the certificates of one peer say. */
export interface KnownPeer {
  readonly identity: PeerIdentity | 'unreadable' | null
  /** What it sent above its leaf, as far as it parses. */
  readonly intermediates: readonly Certificate[]
}

/** Clients come back: parsing a chain costs a third of a handshake, its hash next to nothing. */
const rememberedPeersMax = 2000

/**
 * A longer chain is parsed again each time: anybody may send 64 KiB of certificates, and two
 * thousand of those would be held for nobody. Chains of three certificates have 3 to 6 KiB.
 */
const rememberedChainBytesMax = 16_384

/** Identities by the bytes of the chain: the same bytes always are the same identity. */
export class Identities {
  readonly #known = new Recent<string, KnownPeer>(rememberedPeersMax)

  identify(chain: readonly Uint8Array[]): KnownPeer {
    if (chain.length === 0) return nobody
    const key = keyOf(chain)
    const known = this.#known.get(key)
    if (known) return known
    const peer = readPeer(chain)
    if (chainBytes(chain) <= rememberedChainBytesMax) this.#known.set(key, peer)
    return peer
  }
}

const nobody: KnownPeer = { identity: null, intermediates: [] }

function readPeer(chain: readonly Uint8Array[]): KnownPeer {
  try {
    return { identity: identifyPeer(chain), intermediates: chain.slice(1).flatMap(readable) }
  } catch {
    // Refused later, with that reason: `unreadable` is never let in.
    return { identity: 'unreadable', intermediates: [] }
  }
}

function readable(der: Uint8Array): Certificate[] {
  try {
    return [parseCertificate(der)]
  } catch {
    // The peer may send anything above its leaf (gateway.md section 4.1); what does not parse is
    // on no path that OpenSSL could have verified.
    return []
  }
}

function keyOf(chain: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const der of chain) hash.update(`${der.length}:`).update(der)
  return hash.digest('base64')
}
