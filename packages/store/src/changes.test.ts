import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import { createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openStore, type Store } from './open.ts'

let testDatabase: TestDatabase
let store: Store

beforeEach(async () => {
  testDatabase = await createTestDatabase()
  store = await openStore({
    url: testDatabase.url,
    masterKey: new Secret<Uint8Array>(Buffer.alloc(32, 7)),
    clock: systemClock,
    log: silentLogger,
  })
})
afterEach(async () => {
  await store.stop()
  await testDatabase.remove()
})

const announce = (topic: string) =>
  store.transaction((database) => store.changes.announce(database, topic))

test('versions of a topic count its committed changes', async () => {
  expect(await announce('a')).toBe(1)
  const failed = store.transaction(async (database) => {
    await store.changes.announce(database, 'a')
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await announce('a')).toBe(2)
  expect(await announce('b')).toBe(1)
})

test('a listener hears the changes after it came, of its topic, and not after it went', async () => {
  await announce('a')
  const heard: number[] = []
  const other: number[] = []
  const end = await store.changes.listen('a', (version) => heard.push(version))
  await store.changes.listen('b', (version) => other.push(version))
  await announce('a')
  await vi.waitFor(() => expect(heard).toEqual([2]), { timeout: 5000 })
  end()
  await announce('a')
  await announce('b')
  await vi.waitFor(() => expect(other).toEqual([1]), { timeout: 5000 })
  expect(heard).toEqual([2])
})
