import type { Clock } from '@twinlatch/kit'
import type { Rate } from './limits.ts'

/** Token buckets by key, bounded in number. */
export interface RateLimiter {
  /** Takes one token of `key`; 0 when there was one, else the whole seconds until there will be. */
  take(key: string): number
  /** Number of keys remembered now. */
  readonly size: number
}

/**
 * A rate limiter of its own table. A full bucket needs no memory, so keys are forgotten when they
 * are the least recently used of more than `keysMax`: memory is bounded whatever callers send.
 */
export function createRateLimiter(rate: Rate, keysMax: number, clock: Clock): RateLimiter {
  const buckets = new Map<string, { tokens: number; atMs: number }>()

  function refill(key: string): { tokens: number; atMs: number } {
    const nowMs = clock.now().getTime()
    const known = buckets.get(key)
    // A clock that was set back must not freeze a bucket: no time passed, never a negative one.
    const elapsedMs = known ? Math.max(0, nowMs - known.atMs) : 0
    const tokens = known
      ? Math.min(rate.burst, known.tokens + (elapsedMs / 1000) * rate.perSecond)
      : rate.burst
    const bucket = { tokens, atMs: nowMs }
    buckets.delete(key)
    buckets.set(key, bucket)
    if (buckets.size > keysMax) {
      const oldest = buckets.keys().next()
      if (!oldest.done) buckets.delete(oldest.value)
    }
    return bucket
  }

  return {
    take(key) {
      const bucket = refill(key)
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1
        return 0
      }
      return Math.max(1, Math.ceil((1 - bucket.tokens) / rate.perSecond))
    },
    get size() {
      return buckets.size
    },
  }
}

/**
 * The key under which attempts of a network address count. IPv6 callers own a /64 and could use a
 * fresh address for each attempt, so those count together; IPv4 addresses, mapped or not, by themselves.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1]) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).map(withoutLeadingZeros).join(':')}::/64`
}

function withoutLeadingZeros(group: string): string {
  return group.replace(/^0+(?=.)/, '')
}
