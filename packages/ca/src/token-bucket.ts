import type { Clock } from '@twinlatch/kit'

/** Callers remembered; one who was forgotten starts with a full bucket, which is harmless. */
const callersMax = 10_000

interface Bucket {
  units: number
  atMs: number
}

/** A token bucket for each caller, filled by the clock. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()
  readonly #capacity: number
  readonly #perSecond: number
  readonly #clock: Clock

  constructor(options: { capacity: number; perSecond: number; clock: Clock }) {
    this.#capacity = options.capacity
    this.#perSecond = options.perSecond
    this.#clock = options.clock
  }

  /** Takes `units` and returns 0, or takes nothing and returns the seconds until they are there. */
  take(caller: string, units: number): number {
    const bucket = this.#filled(caller)
    if (bucket.units < units) return Math.ceil((units - bucket.units) / this.#perSecond)
    bucket.units -= units
    return 0
  }

  #filled(caller: string): Bucket {
    const nowMs = this.#clock.now().getTime()
    const known = this.#buckets.get(caller)
    // Deleted and set again, so that the map's order is the order of last use.
    this.#buckets.delete(caller)
    const bucket = known ?? { units: this.#capacity, atMs: nowMs }
    // A clock that was set back must not take units away.
    const passedMs = Math.max(0, nowMs - bucket.atMs)
    bucket.units = Math.min(this.#capacity, bucket.units + (passedMs / 1000) * this.#perSecond)
    bucket.atMs = nowMs
    this.#buckets.set(caller, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > callersMax && oldest !== undefined) this.#buckets.delete(oldest)
    return bucket
  }
}
