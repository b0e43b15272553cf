import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { expectGolden } from './golden.ts'
import { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts'

let directory: TemporaryDirectory
beforeEach(async () => {
  directory = await createTemporaryDirectory()
  vi.stubEnv('UPDATE_GOLDEN', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await directory.remove()
})

test('the same text passes', () => {
  const file = join(directory.path, 'a.txt')
  writeFileSync(file, 'one\ntwo\n')
  expectGolden(file, 'one\ntwo\n')
})

test('another text fails and the first different line is named', () => {
  const file = join(directory.path, 'a.txt')
  writeFileSync(file, 'one\ntwo\n')
  expect(() => expectGolden(file, 'one\nTWO\n')).toThrow(/line 2/)
})

test('a missing file fails', () => {
  expect(() => expectGolden(join(directory.path, 'none'), 'x')).toThrow(/UPDATE_GOLDEN=1/)
})

test('UPDATE_GOLDEN=1 writes the file', () => {
  vi.stubEnv('UPDATE_GOLDEN', '1')
  const file = join(directory.path, 'deep/a.txt')
  expectGolden(file, 'new\n')
  expect(readFileSync(file, 'utf8')).toBe('new\n')
})
