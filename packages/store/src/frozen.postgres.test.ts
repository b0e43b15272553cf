import { createServer, type Server } from 'node:net'
import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import {
  createTestDatabase,
  openPausingProxy,
  type PausingProxy,
  type TestDatabase,
} from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { storeLimits } from './limits.ts'
import { openStore, type Store } from './open.ts'

/** What callers are promised (docs/guide/database.md), and what a busy machine may add to it. */
const boundMs = 10_000
const graceMs = 2_000

let testDatabase: TestDatabase
let proxy: PausingProxy
let store: Store

beforeEach(async () => {
  testDatabase = await createTestDatabase()
  const url = new URL(testDatabase.url)
  proxy = await openPausingProxy(Number(url.port))
  url.port = String(proxy.port)
  store = await open(url.href)
})
afterEach(async () => {
  await store.stop()
  await proxy.stop()
  await testDatabase.remove()
})

function open(url: string): Promise<Store> {
  const masterKey = new Secret<Uint8Array>(Buffer.alloc(32, 7))
  return openStore({ url: new Secret(url), masterKey, clock: systemClock, log: silentLogger })
}

const read = () =>
  store.database
    .selectNoFrom(sql<number>`1`.as('one'))
    .executeTakeFirstOrThrow()
    .then(() => 'ok', codeOf)
const write = () =>
  store
    .transaction((database) => store.changes.announce(database, 'topic'))
    .then(() => 'ok', codeOf)

function codeOf(error: unknown): string {
  return String((error as { code?: string }).code)
}

async function timed<T>(work: Promise<T>): Promise<{ answer: T; elapsedMs: number }> {
  const startedAt = performance.now()
  const answer = await work
  return { answer, elapsedMs: performance.now() - startedAt }
}

async function until<T>(ask: () => Promise<T>, wanted: T, patienceMs = 15_000): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (answer === wanted || performance.now() > end) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('a database whose packets are swallowed', () => {
  test('is away within ten seconds for readers and writers, and later ones are told at once', async () => {
    proxy.pause()
    const asked = [...Array.from({ length: 30 }, read), ...Array.from({ length: 30 }, write)]
    const { answer, elapsedMs } = await timed(Promise.all(asked))
    expect(new Set(answer)).toEqual(new Set(['store/unreachable']))
    expect(elapsedMs).toBeLessThan(boundMs + graceMs)
    const next = await timed(Promise.all([read(), write()]))
    expect(next.answer).toEqual(['store/unreachable', 'store/unreachable'])
    expect(next.elapsedMs).toBeLessThan(storeLimits.connectTimeoutMs + graceMs)
  })

  test.each(['resume', 'strand'] as const)('serves again after %s, by itself', async (way) => {
    proxy.pause()
    expect(await read()).toBe('store/unreachable')
    proxy[way]()
    expect(await until(read, 'ok')).toBe('ok')
    expect(await until(write, 'ok')).toBe('ok')
  })

  test('that vanished within a transaction gives the turn to write back', async () => {
    const seen = await store
      .transaction(async (database) => {
        await store.changes.announce(database, 'topic')
        proxy.pause()
        return store.changes.announce(database, 'topic')
      })
      .then(() => 'ok', codeOf)
    expect(seen).toBe('store/unreachable')
    // The server learns nothing of it, and holds the lock of all writers until its own limit.
    proxy.strand()
    expect(await until(write, 'ok', storeLimits.transactionPauseMs + 10_000)).toBe('ok')
  })

  test('does not keep a process that stops', async () => {
    expect(await read()).toBe('ok')
    proxy.pause()
    const { elapsedMs } = await timed(store.stop())
    expect(elapsedMs).toBeLessThan(3 * storeLimits.goodbyeMs + graceMs)
  })

  test('wakes those who listen when it is back, though nobody asked for anything', async () => {
    let heard = 0
    await store.changes.listen('topic', () => {
      heard += 1
    })
    expect(await until(write, 'ok')).toBe('ok')
    expect(await until(async () => heard, 1)).toBe(1)
    proxy.pause()
    // Somebody else, past the network that swallows.
    const other = await open(testDatabase.url)
    await other.transaction((database) => other.changes.announce(database, 'topic'))
    await other.stop()
    expect(heard).toBe(1)
    proxy.strand()
    expect(await until(async () => heard, 2, 30_000)).toBe(2)
  }, 60_000)
})

test('a server that accepts and never says a word is away, in the time of a connection', async () => {
  const server: Server = createServer(() => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const { answer, elapsedMs } = await timed(
    open(`postgres://who:what@127.0.0.1:${port}/x`).then(() => 'ok', codeOf),
  )
  expect(answer).toBe('store/unreachable')
  expect(elapsedMs).toBeLessThan(storeLimits.connectTimeoutMs + graceMs)
  server.close()
})
