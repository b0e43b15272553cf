import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadMasterKey } from './master-key.ts'

let home: TemporaryDirectory
let file: string

beforeEach(async () => {
  home = await createTemporaryDirectory()
  file = join(home.path, 'master.key')
})
afterEach(() => home.remove())

test('a missing master key is created for its owner only, and then kept', async () => {
  const first = await loadMasterKey({ file })
  expect(first.reveal().length).toBe(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const second = await loadMasterKey({ file, create: false })
  expect(Buffer.from(second.reveal()).equals(Buffer.from(first.reveal()))).toBe(true)
  expect(readdirSync(home.path)).toEqual(['master.key'])
})

test('two starters at once agree on one key', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey({ file })))
  const texts = new Set(keys.map((key) => Buffer.from(key.reveal()).toString('hex')))
  expect(texts.size).toBe(1)
  expect(readdirSync(home.path)).toEqual(['master.key'])
})

test('a missing key is not made anew when only the former one is of use', async () => {
  await expect(loadMasterKey({ file, create: false })).rejects.toMatchObject({
    code: 'store/secret-file-missing',
  })
  expect(readdirSync(home.path)).toEqual([])
})

test.each([0o640, 0o604, 0o660, 0o644, 0o601])(
  'mode %o is refused, with the cure',
  async (mode) => {
    await loadMasterKey({ file })
    chmodSync(file, mode)
    const refused = loadMasterKey({ file })
    await expect(refused).rejects.toMatchObject({ code: 'store/secret-file-exposed' })
    await expect(refused).rejects.toThrow(`chmod 600 ${file}`)
  },
)

test('a link is judged by the file it leads to', async () => {
  const target = join(home.path, 'target')
  writeFileSync(target, `${Buffer.alloc(32, 1).toString('base64url')}\n`, { mode: 0o644 })
  symlinkSync(target, file)
  await expect(loadMasterKey({ file })).rejects.toMatchObject({ code: 'store/secret-file-exposed' })
})

test.each([
  ['nothing', ''],
  ['too few bytes', Buffer.alloc(31).toString('base64url')],
  ['too many bytes', Buffer.alloc(33).toString('base64url')],
  ['another alphabet', Buffer.alloc(32, 0xff).toString('base64')],
  ['bits beyond the last byte', `${'A'.repeat(42)}B`],
  ['a second line', `${'A'.repeat(43)}\n${'A'.repeat(43)}`],
  ['another file', 'x'.repeat(100_000)],
])('a file with %s is refused, left as it is and not repeated', async (_name, text) => {
  writeFileSync(file, text, { mode: 0o600 })
  const error = await loadMasterKey({ file }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'store/secret-file-malformed' })
  if (text) expect(String(error)).not.toContain(text.slice(0, 20))
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('the key does not print itself', async () => {
  const key = await loadMasterKey({ file })
  expect(`${key} ${JSON.stringify({ key })}`).toBe('[secret] {"key":"[secret]"}')
})
