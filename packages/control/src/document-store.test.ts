import { devSubaccountId, newSubaccountId, systemClock } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startControl } from '../testing/start-control.ts'
import type { StoredDocument } from './document.ts'
import { createDocumentStore, type DocumentStore, storable } from './document-store.ts'

let home: TestDatabase
let store: Store
let documents: DocumentStore
let opened: number

beforeEach(async () => {
  home = await createTestDatabase()
  ;({ store } = await startControl(home.url, systemClock))
  documents = createStore()
})
afterEach(async () => {
  await store.stop()
  await home.remove()
})

/** A store that counts what it opens. */
function createStore(charactersMax?: number): DocumentStore {
  opened = 0
  const seal = {
    ...store.seal,
    open: (...given: Parameters<typeof store.seal.open>) => {
      opened += 1
      return store.seal.open(...given)
    },
  }
  return createDocumentStore(seal, charactersMax)
}

const document = (name: string, value: string): StoredDocument => ({
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: 'a',
  name,
  body: { z: value, a: { z: 1, a: 2 } },
  createdAt: '2026-01-01T00:00:00.000Z',
})
const insert = (name: string, value = 'old', by = documents) =>
  store.transaction((database) =>
    by.insert(database, devSubaccountId, storable(document(name, value))),
  )
const all = () => documents.all(store.database)
const valuesOf = async (rows = all()) => (await rows).map((row) => row.document.body['z'])
const replace = async (name: string, value: string, by = documents) => {
  const row = (await by.all(store.database)).find((one) => one.document.name === name)
  if (!row) throw new Error('no such row')
  await store.transaction((database) =>
    by.replace(database, row, storable(document(name, value)), new Date()),
  )
}

describe('a document that did not change', () => {
  test('is the same object at every reading, and is opened once', async () => {
    await insert('one')
    await insert('two')
    documents = createStore()
    const before = await all()
    await replace('two', 'new')
    const after = await all()
    expect(after[0]).toBe(before[0])
    expect(after[0]?.document.body).toBe(before[0]?.document.body)
    expect(after[1]).not.toBe(before[1])
    expect(after[1]?.document.body['z']).toBe('new')
    expect(opened).toBe(2)
  })

  test('is the same object for a reader of its subaccount', async () => {
    await insert('one')
    const [row] = await all()
    expect((await documents.ofSubaccount(store.database, devSubaccountId))[0]).toBe(row)
    expect(await documents.ofSubaccount(store.database, newSubaccountId())).toEqual([])
  })
})

test('what was written is read again as another process reads it', async () => {
  await insert('one')
  const written = await all()
  expect(opened).toBe(0)
  const elsewhere = await createStore().all(store.database)
  expect(elsewhere).toEqual(written)
  expect(JSON.stringify(elsewhere)).toBe(JSON.stringify(written))
})

test('what another process changed is read', async () => {
  await insert('one')
  await all()
  await replace('one', 'theirs', createDocumentStore(store.seal))
  expect(await valuesOf()).toEqual(['theirs'])
})

test('what was written in a transaction that failed is not read', async () => {
  await insert('one')
  const [row] = await all()
  const failed = store.transaction(async (database) => {
    if (!row) throw new Error('no row')
    await documents.replace(database, row, storable(document('one', 'lost')), new Date())
    await documents.insert(database, devSubaccountId, storable(document('two', 'lost')))
    await documents.remove(database, row)
    throw new Error('changed my mind')
  })
  await expect(failed).rejects.toThrow('changed my mind')
  expect(await valuesOf()).toEqual(['old'])
})

test('what was deleted is gone, here and after it was deleted elsewhere', async () => {
  await insert('one')
  await insert('two')
  const [one, two] = await all()
  if (!one || !two) throw new Error('no rows')
  await store.transaction((database) => documents.remove(database, one))
  expect(await valuesOf()).toHaveLength(1)
  await store.transaction((database) => createDocumentStore(store.seal).remove(database, two))
  expect(await all()).toEqual([])
})

test('without room nothing is kept, and everything is read all the same', async () => {
  await insert('one')
  documents = createStore(10)
  expect(await valuesOf()).toEqual(['old'])
  await replace('one', 'new')
  expect(await valuesOf()).toEqual(['new'])
  expect(opened).toBe(3)
})

test('more documents than one question asks for are all read', async () => {
  const names = Array.from({ length: 1_001 }, (_, index) => `n${index}`)
  await store.transaction(async (database) => {
    for (const name of names) {
      await documents.insert(database, devSubaccountId, storable(document(name, name)))
    }
  })
  documents = createStore()
  expect((await valuesOf()).toSorted()).toEqual(names.toSorted())
})

test('a commit between the two questions of a reading shows as a whole or not at all', async () => {
  await insert('one')
  await insert('two')
  documents = createStore()
  const other = createDocumentStore(store.seal)
  let asked = 0
  const interrupted = store.database.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      asked += 1
      if (asked > 1) return result
      const [one, two] = await other.all(store.database)
      if (!one || !two) throw new Error('no rows')
      await store.transaction(async (database) => {
        await other.remove(database, one)
        await other.replace(database, two, storable(document('two', 'new')), new Date())
        await other.insert(database, devSubaccountId, storable(document('three', 'new')))
      })
      return result
    },
  })
  const read = await documents.all(interrupted)
  expect(read.map((row) => `${row.document.name} ${row.document.body['z']}`)).toEqual([
    'three new',
    'two new',
  ])
})
