import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assertWritable, writeSecretFile } from './output-file.ts'

let directory: TemporaryDirectory

beforeEach(async () => {
  directory = await createTemporaryDirectory()
})
afterEach(() => directory.remove())

const at = (name: string) => join(directory.path, name)
const modeOf = (path: string) => statSync(path).mode & 0o777

describe('a file that holds a key', () => {
  test('is readable by its owner only, whatever the umask allows', async () => {
    const before = process.umask(0)
    try {
      await writeSecretFile(at('new.p12'), 'key', { force: false })
      await writeSecretFile(at('forced.p12'), 'key', { force: true })
    } finally {
      process.umask(before)
    }
    expect([modeOf(at('new.p12')), modeOf(at('forced.p12'))]).toEqual([0o600, 0o600])
  })

  test('is never written over another without --force', async () => {
    writeFileSync(at('mine'), 'mine')
    await expect(writeSecretFile(at('mine'), 'key', { force: false })).rejects.toMatchObject({
      message: expect.stringContaining('is not overwritten'),
      cure: expect.stringContaining('--force'),
    })
    expect(readFileSync(at('mine'), 'utf8')).toBe('mine')
  })

  test('is not written through a link, also one that leads nowhere', async () => {
    symlinkSync(at('elsewhere'), at('link'))
    await expect(writeSecretFile(at('link'), 'key', { force: false })).rejects.toThrow('exists')
    expect(existsSync(at('elsewhere'))).toBe(false)
  })

  test('with --force replaces the old one as a whole, and its wider mode with it', async () => {
    writeFileSync(at('old'), 'old')
    chmodSync(at('old'), 0o644)
    const before = statSync(at('old')).ino
    await writeSecretFile(at('old'), new Uint8Array([1, 2]), { force: true })
    expect(readFileSync(at('old'))).toEqual(Buffer.from([1, 2]))
    expect(modeOf(at('old'))).toBe(0o600)
    expect(statSync(at('old')).ino).not.toBe(before)
    expect(readdirSync(directory.path)).toEqual(['old'])
  })

  test('with --force is not kept from its place by what an interrupted run left', async () => {
    writeFileSync(at(`old.${process.pid}.tmp`), 'half')
    await writeSecretFile(at('old'), 'whole', { force: true })
    expect(readFileSync(at('old'), 'utf8')).toBe('whole')
  })

  test('leaves nothing behind where it cannot be put', async () => {
    mkdirSync(at('taken'))
    await expect(writeSecretFile(at('taken'), 'key', { force: true })).rejects.toThrow(
      'cannot be written',
    )
    expect(readdirSync(directory.path)).toEqual(['taken'])
  })

  test('leaves nothing behind when its bytes do not arrive', async () => {
    const failing = { not: 'bytes' } as unknown as string
    await expect(writeSecretFile(at('half'), failing, { force: false })).rejects.toThrow()
    await expect(writeSecretFile(at('half'), failing, { force: true })).rejects.toThrow()
    expect(readdirSync(directory.path)).toEqual([])
  })
})

describe('asking beforehand', () => {
  test('leaves no file', async () => {
    await assertWritable(at('new'), { force: false })
    await assertWritable(at('new'), { force: true })
    expect(readdirSync(directory.path)).toEqual([])
  })

  test('leaves an old file as it is', async () => {
    writeFileSync(at('old'), 'old')
    await assertWritable(at('old'), { force: true })
    await expect(assertWritable(at('old'), { force: false })).rejects.toThrow('exists')
    expect(readFileSync(at('old'), 'utf8')).toBe('old')
  })

  test.each([false, true])('refuses a directory that is not there; force: %s', async (force) => {
    await expect(assertWritable(at('none/new'), { force })).rejects.toThrow('cannot be written')
  })

  test('refuses a directory in the place of the file, with --force too', async () => {
    mkdirSync(at('taken'))
    await expect(assertWritable(at('taken'), { force: true })).rejects.toThrow('cannot be written')
  })
})
