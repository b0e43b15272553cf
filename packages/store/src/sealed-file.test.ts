import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '@twinlatch/kit'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { StoreError } from './errors.ts'
import { readSealedFile, type SealedFile, writeSealedFile } from './sealed-file.ts'

let directory: TemporaryDirectory
let sealed: SealedFile

beforeEach(async () => {
  directory = await createTemporaryDirectory()
  sealed = {
    file: join(directory.path, 'kept'),
    name: 'kept',
    masterKey: new Secret<Uint8Array>(Buffer.alloc(32, 7)),
  }
})
afterEach(() => directory.remove())

const lines = () => readFileSync(sealed.file, 'utf8').split('\n')
const put = (changed: readonly string[]) => writeFileSync(sealed.file, changed.join('\n'))
const codeOf = (error: unknown) => (error instanceof StoreError ? error.code : error)
const read = (file = sealed) => readSealedFile(file).catch(codeOf)

test('what was written is read, part by part', async () => {
  const parts = ['one', '', 'ü'.repeat(100_000)]
  await writeSealedFile(sealed, parts)
  expect(await read()).toEqual(parts)
  await writeSealedFile(sealed, [])
  expect(await read()).toEqual([])
})

test('nothing of it lies in the clear, and only the owner reads the file', async () => {
  await writeSealedFile(sealed, ['hunter2'])
  expect(readFileSync(sealed.file, 'utf8')).not.toMatch(/hunter2|aHVudGVyMg/)
  expect(statSync(sealed.file).mode & 0o777).toBe(0o600)
})

test('a missing file is nothing', async () => {
  expect(await read()).toBeNull()
})

test('a write that fails leaves the former file, and nothing beside it', async () => {
  await writeSealedFile(sealed, ['former'])
  function* broken() {
    yield 'next'
    throw new Error('no more')
  }
  await expect(writeSealedFile(sealed, broken())).rejects.toThrow('no more')
  expect(await read()).toEqual(['former'])
  expect(await readdir(directory.path)).toEqual(['kept'])
})

test.each<[string, (all: string[]) => string[]]>([
  ['a part left out', ([h = '', , ...rest]) => [h, ...rest]],
  ['two parts exchanged', ([h = '', a = '', b = '', ...rest]) => [h, b, a, ...rest]],
  ['the end cut off', (all) => all.slice(0, -2)],
  ['everything but the head cut off', ([h = '']) => [h]],
  ['a part repeated', ([h = '', a = '', ...rest]) => [h, a, a, ...rest]],
  ['something added', (all) => [...all, 'more']],
  ['another head', ([, ...rest]) => ['twinlatch-sealed-2 key_0 x', ...rest]],
  ['emptiness', () => []],
])('%s does not open', async (_name, change) => {
  await writeSealedFile(sealed, ['one', 'two', 'three'])
  put(change(lines()))
  expect(await read()).toBe('store/seal-broken')
})

test('parts of another write of the same file do not open', async () => {
  await writeSealedFile(sealed, ['one', 'two'])
  const before = lines()
  await writeSealedFile(sealed, ['one', 'two'])
  put(lines().map((line, index) => (index === 1 ? (before[1] ?? '') : line)))
  expect(await read()).toBe('store/seal-broken')
})

test('another master key and another name do not open it', async () => {
  await writeSealedFile(sealed, ['one'])
  const other = new Secret<Uint8Array>(Buffer.alloc(32, 8))
  expect(await read({ ...sealed, masterKey: other })).toBe('store/seal-broken')
  expect(await read({ ...sealed, name: 'other' })).toBe('store/seal-broken')
})

test('no changed byte goes unnoticed', async () => {
  await writeSealedFile(sealed, ['one', 'two'])
  const good = readFileSync(sealed.file)
  await fc.assert(
    fc.asyncProperty(
      fc.nat(good.length - 2),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const bad = Buffer.from(good)
        bad.writeUInt8(bad.readUInt8(at) ^ flip, at)
        writeFileSync(sealed.file, bad)
        expect(await read()).toBe('store/seal-broken')
      },
    ),
  )
})
