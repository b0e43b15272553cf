import type { Certificate } from '@twinlatch/pki'

/**
 * Chains found good against one bundle and its revocation lists, so that a client that comes back
 * costs no signatures. Belongs to one trust domain: make a new one whenever what it trusts changes.
 */
export interface VerifiedChains {
  /** True while that very chain was found good and nothing of it has ended since. */
  holds(chain: readonly Certificate[], now: Date): boolean
  /** Remembers a chain from `now` until `validUntilMs` (milliseconds of the epoch). */
  remember(chain: readonly Certificate[], now: Date, validUntilMs: number): void
}

/** Clients of one host that come back within a day; an entry takes some 250 bytes. */
const chainsMax = 2000

/** An empty memory; bounded, the oldest entry is forgotten first. */
export function createVerifiedChains(): VerifiedChains {
  const chains = new Map<string, { readonly fromMs: number; readonly untilMs: number }>()
  return {
    holds(chain, now) {
      const known = chains.get(keyOf(chain))
      const time = now.getTime()
      return known !== undefined && known.fromMs <= time && time <= known.untilMs
    },
    remember(chain, now, untilMs) {
      const key = keyOf(chain)
      chains.delete(key)
      chains.set(key, { fromMs: now.getTime(), untilMs })
      const oldest = chains.keys().next()
      if (chains.size > chainsMax && !oldest.done) chains.delete(oldest.value)
    },
  }
}

function keyOf(chain: readonly Certificate[]): string {
  return chain.map(({ sha256 }) => sha256).join()
}
