import { silentLogger } from '@twinlatch/kit'
import { createFakeClock, createTestAuthority, openTestStore } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { type DestinationStack, openDestinationStack } from './http.fixture.ts'
import { destinationLimits } from './limits.ts'
import { ListReaders, streamOf } from './list-stream.ts'
import { migrations } from './migrations/index.ts'

const path = '/v1/subaccountCertificates'
const names = Array.from({ length: 12 }, (_, index) => `c${String(index).padStart(2, '0')}.pem`)

/** A level with more certificates than fit into one part; text before PEM is allowed and is kept. */
async function openFullLevel() {
  const clock = createFakeClock()
  const stage = await openTestStore([migrations], { clock })
  const stack = await openDestinationStack({ store: stage.store, audit: stage.audit, clock })
  const authority = await createTestAuthority({ name: 'Large', now: clock.now() })
  const padding = `${'#'.repeat(63)}\n`.repeat(destinationLimits.listPartBytes / 64 / 4)
  const content = Buffer.from(padding + authority.rootPem).toString('base64')
  await stack.ok(
    'app',
    'POST',
    path,
    names.map((name) => ({ Name: name, Content: content })),
  )
  const reads = async () =>
    (await stage.auditEntries()).filter(({ action }) => action === 'certificate.read').length
  return { stack, content, reads, [Symbol.asyncDispose]: () => stage.stop() }
}

async function namesOf(stack: DestinationStack, query = '') {
  const list = (await (await stack.ok('app', 'GET', path + query)).json()) as { Name: string }[]
  return list.map(({ Name }) => Name)
}

test('a full level is read part by part, as fast as its reader takes it', async () => {
  await using level = await openFullLevel()
  const response = await level.stack.ok('app', 'GET', path)
  const reader = response.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  expect(value?.byteLength).toBeLessThan(2 * destinationLimits.listPartBytes)
  const read = await level.reads()
  expect(read).toBeGreaterThan(0)
  expect(read).toBeLessThan(names.length / 2)
  await reader?.cancel()
  expect(await level.reads()).toBe(read)
})

test('read to its end, the parts are one list with every item, each audited once', async () => {
  await using level = await openFullLevel()
  const response = await level.stack.ok('app', 'GET', path)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toEqual(
    names.map((Name) => ({ Name, Content: level.content, Type: 'CERTIFICATE' })),
  )
  expect(await level.reads()).toBe(names.length)
})

test('items that are deleted while the list is read are left out', async () => {
  await using level = await openFullLevel()
  const response = await level.stack.ok('app', 'GET', path)
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = decoder.decode((await reader?.read())?.value)
  for (const name of names.slice(-2)) await level.stack.ok('app', 'DELETE', `${path}/${name}`)
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    text += decoder.decode(part.value)
  }
  const list = JSON.parse(text) as { Name: string }[]
  expect(list.map(({ Name }) => Name)).toEqual(names.slice(0, -2))
})

test('names, pages and an empty list are as they are for a small level', async () => {
  await using level = await openFullLevel()
  expect(await namesOf(level.stack, '?$select=Name')).toEqual(names)
  expect(await namesOf(level.stack, '?$page=2&$pageSize=5')).toEqual(names.slice(5, 10))
  expect(await namesOf(level.stack, "?$filter=Name in ('none.pem')")).toEqual([])
})

test('long lists are read by so many at a time; whoever goes makes room', async () => {
  await using level = await openFullLevel()
  const open: Response[] = []
  for (let reader = 0; reader < destinationLimits.longListsAtOnce; reader += 1) {
    open.push(await level.stack.ok('app', 'GET', path))
  }
  const refused = await level.stack.call('app', 'GET', path)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('5')
  expect(await namesOf(level.stack, '?$select=Name')).toEqual(names)
  await open[0]?.body?.cancel()
  expect(await namesOf(level.stack)).toEqual(names)
  await open[1]?.json()
  expect((await level.stack.call('app', 'HEAD', path)).status).toBe(200)
  expect(await namesOf(level.stack)).toEqual(names)
})

test('a reader that stalls is cut off and makes room', async () => {
  const readers = new ListReaders(1)
  let ended = false
  async function* endless(): AsyncGenerator<string, undefined> {
    try {
      for (;;) yield 'x'
    } finally {
      ended = true
    }
  }
  const release = readers.enter()
  expect(readers.enter()).toBeNull()
  const texts = endless()
  const stream = streamOf(await texts.next(), texts, {
    release: release ?? expect.unreachable(),
    log: silentLogger,
    path: 'x',
    stallMs: 5,
  })
  const reader = stream.getReader()
  await reader.read()
  await expect(reader.closed).rejects.toThrow(/stalled/)
  expect(ended).toBe(true)
  expect(readers.enter()).not.toBeNull()
})
