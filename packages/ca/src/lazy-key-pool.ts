import { createKeyPool, generateKeyPair, type KeyPool } from '@twinlatch/pki'

/**
 * A pool that keeps `size` RSA-2048 keys ready from the first order for one on: a server that never
 * issues RSA makes no keys for nothing, and none are made while it starts.
 */
export function createLazyKeyPool(size: number): KeyPool {
  let pool: KeyPool | undefined
  let stopped = false
  return {
    take: (type) => {
      if (type !== 'rsa2048' && !stopped) return generateKeyPair(type)
      pool ??= createKeyPool({ type: 'rsa2048', size: stopped ? 0 : size })
      if (stopped) pool.stop()
      return pool.take(type)
    },
    stop: () => {
      stopped = true
      pool?.stop()
    },
  }
}
