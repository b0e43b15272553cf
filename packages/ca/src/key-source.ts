import { type Clock, Gate } from '@twinlatch/kit'
import type { KeyPair, KeyPool, KeyType } from '@twinlatch/pki'
import type { CaLimits } from './config.ts'
import { CaError } from './errors.ts'
import { TokenBuckets } from './token-bucket.ts'

/**
 * What a key costs, in units of one RSA-2048 key (pki.md section 10). An EC key costs nothing to
 * make, but the keystore around it does.
 */
const costs: ReadonlyMap<KeyType, number> = new Map([
  ['rsa2048', 1],
  ['rsa3072', 3],
  ['rsa4096', 8],
])
const otherCost = 0.1

/** What an RSA-2048 key takes on a small machine, for the advice when to come back. */
const secondsPerKey = 0.5

/** Makes keys for callers, so many for each and so many at once, and says when to come back. */
export class KeySource {
  readonly #pool: KeyPool
  readonly #gate: Gate
  readonly #buckets: TokenBuckets
  readonly #limits: CaLimits

  constructor(pool: KeyPool, limits: CaLimits, clock: Clock) {
    this.#pool = pool
    this.#limits = limits
    this.#gate = new Gate({
      running: limits.generationsAtOnce,
      waiting: limits.generationsWaiting,
    })
    this.#buckets = new TokenBuckets({
      capacity: limits.keyBurst,
      perSecond: limits.keysPerSecond,
      clock,
    })
  }

  /** A fresh key pair of `type` for `caller`, or `ca/too-many-requests`. */
  async take(type: KeyType, caller: string): Promise<KeyPair> {
    const cost = costs.get(type) ?? otherCost
    if (cost >= 1 && this.#gate.full)
      throw this.#tooMany('all orders together', this.#queueSeconds())
    const seconds = this.#buckets.take(caller, cost)
    if (seconds > 0) throw this.#tooMany(`caller ${caller}`, seconds)
    if (cost < 1) return this.#pool.take(type)
    const pair = await this.#gate.pass(() => this.#pool.take(type))
    if (pair === null) throw this.#tooMany('all orders together', this.#queueSeconds())
    return pair
  }

  #queueSeconds(): number {
    return Math.ceil((this.#gate.length * secondsPerKey) / this.#limits.generationsAtOnce)
  }

  #tooMany(who: string, seconds: number): CaError {
    const retryAfterSeconds = Math.max(1, seconds)
    return new CaError(
      'ca/too-many-requests',
      `too many keys are being made for ${who}; try again in ${retryAfterSeconds} s, or order an EC key`,
      { retryAfterSeconds },
    )
  }
}
