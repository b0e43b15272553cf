import type { KeyPair, KeyPool, KeyType } from '@twinlatch/pki'
import { createFakeClock } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { defaultLimits } from './config.ts'
import { CaError } from './errors.ts'
import { KeySource } from './key-source.ts'
import { TokenBuckets } from './token-bucket.ts'

const pair = {} as KeyPair

/** A pool whose keys are ready when the test says so. */
function slowPool() {
  const waiting: (() => void)[] = []
  const pool: KeyPool = {
    take: (type: KeyType) =>
      type.startsWith('rsa')
        ? new Promise((resolve) => waiting.push(() => resolve(pair)))
        : Promise.resolve(pair),
    stop: () => undefined,
  }
  return { pool, waiting, ready: () => waiting.shift()?.() }
}

async function refusalOf(promise: Promise<unknown>): Promise<CaError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CaError)
  return error as CaError
}

test('a caller who has had the burst is told when to come back, and only that one', async () => {
  const clock = createFakeClock()
  const pool: KeyPool = { take: async () => pair, stop: () => undefined }
  const limits = { ...defaultLimits, keyBurst: 2, keysPerSecond: 0.5 }
  const keys = new KeySource(pool, limits, clock)
  await keys.take('rsa2048', 'a')
  await keys.take('rsa2048', 'a')
  const refusal = await refusalOf(keys.take('rsa2048', 'a'))
  expect(refusal).toMatchObject({ code: 'ca/too-many-requests', retryAfterSeconds: 2 })
  await keys.take('rsa2048', 'b')
  clock.advance(2000)
  await keys.take('rsa2048', 'a')
})

test('a larger key costs more than one, an EC key nearly nothing', async () => {
  const pool: KeyPool = { take: async () => pair, stop: () => undefined }
  const limits = { ...defaultLimits, keyBurst: 9 }
  const keys = new KeySource(pool, limits, createFakeClock())
  await keys.take('rsa4096', 'a')
  for (let count = 0; count < 9; count++) await keys.take('ec-p256', 'a')
  await refusalOf(keys.take('rsa2048', 'a'))
})

test('so many keys are made at once, so many orders wait, the next is refused', async () => {
  const { pool, waiting, ready } = slowPool()
  const limits = { ...defaultLimits, generationsAtOnce: 2, generationsWaiting: 3 }
  const keys = new KeySource(pool, limits, createFakeClock())
  const taken = Array.from({ length: 5 }, (_, index) => keys.take('rsa2048', `caller ${index}`))
  expect(waiting).toHaveLength(2)
  const refusal = await refusalOf(keys.take('rsa2048', 'late'))
  expect(refusal).toMatchObject({ code: 'ca/too-many-requests', retryAfterSeconds: 1 })
  await keys.take('ec-p256', 'late')
  for (let done = 0; done < 5; done++) {
    ready()
    await Promise.race(taken.slice(done, done + 1))
  }
  await Promise.all(taken)
  const again = keys.take('rsa2048', 'late')
  ready()
  await again
})

test('a refusal by the full queue costs the caller nothing', async () => {
  const { pool, ready } = slowPool()
  const limits = { ...defaultLimits, keyBurst: 1, generationsAtOnce: 1, generationsWaiting: 0 }
  const keys = new KeySource(pool, limits, createFakeClock())
  const first = keys.take('rsa2048', 'a')
  await refusalOf(keys.take('rsa2048', 'b'))
  ready()
  await first
  const second = keys.take('rsa2048', 'b')
  ready()
  await second
})

test('a clock that is set back takes no units away', () => {
  const clock = createFakeClock()
  const buckets = new TokenBuckets({ capacity: 2, perSecond: 1, clock })
  expect(buckets.take('a', 1)).toBe(0)
  clock.advance(-3_600_000)
  expect(buckets.take('a', 1)).toBe(0)
  expect(buckets.take('a', 1)).toBe(1)
})
