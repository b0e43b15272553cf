import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { exitCodes } from './cli-error.ts'
import {
  type PasswordInput,
  type PasswordOptions,
  readPassword,
  requirePassword,
} from './password.ts'

let directory: TemporaryDirectory
let prompts: string

beforeEach(async () => {
  directory = await createTemporaryDirectory()
  vi.stubEnv('TWINLATCH_PASSWORD', undefined)
  prompts = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    prompts += String(text)
    return true
  })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await directory.remove()
})

const stdin = (...chunks: readonly (string | Buffer)[]): PasswordInput => Readable.from(chunks)

/** A terminal on which somebody types; remembers whether it still echoes. */
function terminal(...typed: readonly string[]): PasswordInput & { raw: boolean[] } {
  const raw: boolean[] = []
  return Object.assign(Readable.from(typed), {
    raw,
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
  })
}

function file(content: string | Uint8Array): string {
  const path = join(directory.path, 'pw.txt')
  writeFileSync(path, content)
  return path
}

async function read(options: PasswordOptions, input = stdin()): Promise<string | null> {
  return (await readPassword(options, null, input))?.reveal() ?? null
}

describe('sources', () => {
  test('are asked in order: file, standard input, variable, terminal', async () => {
    vi.stubEnv('TWINLATCH_PASSWORD', 'by variable')
    const everything = { passwordFile: file('by file'), passwordStdin: true }
    expect(await read(everything, stdin('by stdin'))).toBe('by file')
    expect(await read({ passwordStdin: true }, stdin('by stdin'))).toBe('by stdin')
    const ask = () => readPassword({}, 'Password: ', terminal('typed\r'))
    expect((await ask())?.reveal()).toBe('by variable')
    vi.stubEnv('TWINLATCH_PASSWORD', undefined)
    expect((await ask())?.reveal()).toBe('typed')
  })

  test('are none when nothing was given and nobody can be asked', async () => {
    expect(await readPassword({}, 'Password: ', stdin('not asked for'))).toBeNull()
    await expect(requirePassword({}, 'of the keystore', stdin())).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: 'A password of the keystore is needed.',
      cure: expect.stringContaining('--password-stdin'),
    })
  })

  test('never print what they read', async () => {
    const password = await readPassword({ passwordStdin: true }, null, stdin('hunter2'))
    expect(`${password} ${JSON.stringify({ password })}`).not.toContain('hunter2')
  })
})

describe('one newline at the end is not part of a password', () => {
  test.each([
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    ['secret', 'secret'],
    [' secret ', ' secret '],
    ['a\nb\n', 'a\nb'],
    ['\n', ''],
    ['', ''],
  ])('%j is read as %j', async (text, password) => {
    expect(await read({ passwordFile: file(text) })).toBe(password)
    expect(await read({ passwordStdin: true }, stdin(text))).toBe(password)
  })

  test('in the variable it is: a shell has taken it already', async () => {
    vi.stubEnv('TWINLATCH_PASSWORD', 'secret\n')
    expect(await read({})).toBe('secret\n')
  })
})

describe('limits', () => {
  const most = 64 * 1024

  test('64 KiB are read, one byte more is refused', async () => {
    const [whole, more] = ['x'.repeat(most), 'x'.repeat(most + 1)]
    expect(await read({ passwordFile: file(whole) })).toHaveLength(most)
    await expect(read({ passwordFile: file(more) })).rejects.toThrow('too long for a password')
    expect(await read({ passwordStdin: true }, stdin(whole))).toHaveLength(most)
    await expect(read({ passwordStdin: true }, stdin(whole, 'x'))).rejects.toThrow('too long')
  })

  test.skipIf(process.platform === 'win32')('a file without end is refused, not read', async () => {
    await expect(read({ passwordFile: '/dev/zero' })).rejects.toThrow('too long for a password')
  })

  test('a character that arrives in two pieces is one character', async () => {
    const bytes = Buffer.from('pässword')
    const input = stdin(bytes.subarray(0, 2), bytes.subarray(2))
    expect(await read({ passwordStdin: true }, input)).toBe('pässword')
  })

  test('a file that is not there is named', async () => {
    await expect(read({ passwordFile: join(directory.path, 'none') })).rejects.toMatchObject({
      message: expect.stringContaining('none'),
      why: expect.stringContaining('ENOENT'),
    })
  })
})

describe('a prompt', () => {
  test('does not echo while somebody types, and does again afterwards', async () => {
    const input = terminal('s', 'e', 'c\n', 'not read')
    expect((await readPassword({}, 'Password: ', input))?.reveal()).toBe('sec')
    expect(input.raw).toEqual([true, false])
    expect(prompts).toBe('Password: \n')
  })

  test.each([
    ['ab\u007fc\r', 'ac'],
    ['a𝒜\u007fb\r', 'ab'],
    ['\u007f\u007fa\r', 'a'],
    ['ab\bc\r', 'ac'],
    ['ab\u0004', 'ab'],
    ['\r', ''],
  ])('%j yields %j', async (typed, password) => {
    expect((await readPassword({}, 'Password: ', terminal(typed)))?.reveal()).toBe(password)
  })

  test('is ended by Ctrl-C with exit code 130, and the terminal is as before', async () => {
    const input = terminal('secre\u0003t\r')
    await expect(readPassword({}, 'Password: ', input)).rejects.toMatchObject({
      exitCode: exitCodes.interrupted,
    })
    expect(input.raw).toEqual([true, false])
  })
})
