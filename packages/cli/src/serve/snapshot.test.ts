import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DocumentSet } from '@twinlatch/control'
import { devSubaccountId, Secret, silentLogger } from '@twinlatch/kit'
import { writeSealedFile } from '@twinlatch/store'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSnapshotKeeper, readSnapshot, type Snapshot, type SnapshotFile } from './snapshot.ts'

let directory: TemporaryDirectory
let target: SnapshotFile

beforeEach(async () => {
  directory = await createTemporaryDirectory()
  target = {
    file: join(directory.path, 'gateway.snapshot'),
    masterKey: new Secret<Uint8Array>(Buffer.alloc(32, 7)),
  }
})
afterEach(() => directory.remove())

const other = '11111111-2222-4333-8444-555555555555' as DocumentSet['subaccountId']

function document(name: string, data = '') {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'n',
    name,
    body: { apiVersion: 'v1', kind: 'ConfigMap', data: { data } },
    createdAt: '2026-01-01T00:00:00.000Z',
  }
}

function snapshot(minute: number, ...sets: DocumentSet[]): Snapshot {
  return { takenAt: `2026-01-01T00:0${minute}:00.000Z`, sets }
}

test('what was kept is read, documents of every subaccount in their order', async () => {
  const large = 'x'.repeat(900_000)
  const kept = snapshot(
    1,
    { subaccountId: devSubaccountId, documents: ['a', 'b', 'c'].map((n) => document(n, large)) },
    { subaccountId: other, documents: [document('d'), document('e', large)] },
  )
  const keeper = createSnapshotKeeper(target, silentLogger)
  keeper.keep(kept)
  await keeper.stop()
  // More than one part.
  expect(readFileSync(target.file, 'utf8').trim().split('\n').length).toBeGreaterThan(3)
  expect(await readSnapshot(target)).toEqual(kept)
})

test('of several that come at once the last one is kept, never an earlier one after it', async () => {
  const keeper = createSnapshotKeeper(target, silentLogger)
  for (const minute of [1, 2, 3, 4]) keeper.keep(snapshot(minute))
  await keeper.stop()
  expect(await readSnapshot(target)).toEqual(snapshot(4))
})

test('one that comes soon after another is written a moment later, without a stop', async () => {
  const keeper = createSnapshotKeeper(target, silentLogger)
  keeper.keep(snapshot(1))
  await vi.waitFor(async () => expect(await readSnapshot(target)).toEqual(snapshot(1)))
  keeper.keep(snapshot(2))
  expect(await readSnapshot(target)).toEqual(snapshot(1))
  await vi.waitFor(async () => expect(await readSnapshot(target)).toEqual(snapshot(2)), 10_000)
  keeper.keep(snapshot(3))
  await keeper.stop()
  expect(await readSnapshot(target)).toEqual(snapshot(3))
})

test('one that cannot be written leaves the former one', async () => {
  const keeper = createSnapshotKeeper(target, silentLogger)
  keeper.keep(snapshot(1))
  await keeper.stop()
  const unwritable = { ...target, file: join(directory.path, 'missing', 'gateway.snapshot') }
  const failing = createSnapshotKeeper(unwritable, silentLogger)
  failing.keep(snapshot(2))
  await failing.stop()
  expect(await readSnapshot(target)).toEqual(snapshot(1))
})

test('there is none in a new home', async () => {
  expect(await readSnapshot(target)).toBeNull()
})

test.each(['{"format":2,"takenAt":"2026-01-01T00:00:00.000Z"}', 'not JSON', ''])(
  'one of another form is refused, though authentic: %s',
  async (head) => {
    await writeSealedFile({ ...target, name: 'gateway snapshot' }, [head])
    await expect(readSnapshot(target)).rejects.toMatchObject({ code: 'store/seal-broken' })
  },
)

test('another sealed file of the home is none', async () => {
  await writeSealedFile({ ...target, name: 'control certificate' }, ['a', 'b'])
  await expect(readSnapshot(target)).rejects.toMatchObject({ code: 'store/seal-broken' })
})
