import { newId, silentLogger } from '@twinlatch/kit'
import { generateKeyPair } from '@twinlatch/pki'
import type { Sealer, Store } from '@twinlatch/store'
import { createFakeClock, openTestStore } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { tokenLimits } from './limits.ts'
import { migrations } from './migrations/index.ts'
import { createSigningKeyStore } from './signing-key-store.ts'
import { openSigningKeys } from './signing-keys.ts'

/** The signing keys on a store that counts how often a key is unsealed. */
async function openCounted() {
  const clock = createFakeClock()
  const stage = await openTestStore([migrations], { clock })
  let opened = 0
  const seal: Sealer = {
    seal: (plain, context) => stage.store.seal.seal(plain, context),
    open: (sealed, context) => {
      opened += 1
      return stage.store.seal.open(sealed, context)
    },
  }
  const store: Store = Object.create(stage.store, { seal: { value: seal } })
  const keys = await openSigningKeys({ store, clock, log: silentLogger })
  // Another process makes a second key.
  const addKey = async () => {
    const { privateKey } = await generateKeyPair('rsa2048')
    const kid = newId('key')
    await createSigningKeyStore(stage.store.seal).insert(stage.store.database, {
      kid,
      privateKey,
      createdAt: new Date(clock.now().getTime() + 1),
    })
    return kid
  }
  return {
    ...{ clock, keys, addKey, opened: () => opened },
    [Symbol.asyncDispose]: () => stage.stop(),
  }
}

test('invented key ids and readers of the key set do not have keys unsealed each time', async () => {
  await using stage = await openCounted()
  stage.clock.advance(tokenLimits.keyReloadMs)
  const before = stage.opened()
  const calls = Array.from({ length: 200 }, () => stage.keys.find(newId('key')))
  expect(await Promise.all(calls)).toEqual(calls.map(() => undefined))
  for (let reads = 0; reads < 200; reads += 1) await stage.keys.publish()
  expect(stage.opened() - before).toBe(1)
})

test('a key that another process made is known after the reload interval', async () => {
  await using stage = await openCounted()
  const kid = await stage.addKey()
  expect(await stage.keys.find(kid)).toBeUndefined()
  stage.clock.advance(tokenLimits.keyReloadMs)
  expect(await stage.keys.find(kid)).toBeDefined()
  expect((await stage.keys.publish()).map((key) => key.kid)).toContain(kid)
  expect(stage.keys.current().kid).not.toBe(kid)
})

test('a clock that is set back does not keep the old keys for ever', async () => {
  await using stage = await openCounted()
  const kid = await stage.addKey()
  stage.clock.advance(-3_600_000)
  expect(await stage.keys.find(kid)).toBeDefined()
})
