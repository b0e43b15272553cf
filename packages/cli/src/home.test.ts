import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { exitCodes } from './cli-error.ts'
import {
  findHome,
  homeAt,
  isAlive,
  openHome,
  type RunState,
  readRunState,
  removeRunState,
  writeRunState,
} from './home.ts'

let directory: TemporaryDirectory

beforeEach(async () => {
  directory = await createTemporaryDirectory()
  vi.stubEnv('TWINLATCH_HOME', undefined)
  vi.stubEnv('TWINLATCH_MASTER_KEY_FILE', undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await directory.remove()
})

const state = (pid: number): RunState => ({
  pid,
  startedAt: '2026-01-01T00:00:00.000Z',
  version: '0.1.0',
  urls: {
    control: 'https://localhost:8443',
    gateway: 'https://localhost:9443',
    health: 'http://localhost:9090',
  },
  ca: '/home/ca.pem',
  adminToken: '/home/admin-token',
})

const elsewhere = {
  ...state(process.pid),
  urls: { ...state(1).urls, control: 'https://localhost.evil.example:8443' },
}

/** Above every limit that Linux and macOS have for process ids. */
const noPid = 2 ** 22 + 1

describe('the home a command works with', () => {
  test('is the nearest .twinlatch upwards', () => {
    const outer = join(directory.path, '.twinlatch')
    const deep = join(directory.path, 'a', 'b')
    mkdirSync(outer)
    mkdirSync(deep, { recursive: true })
    expect(findHome(undefined, deep).directory).toBe(outer)
    const nearer = join(directory.path, 'a', '.twinlatch')
    mkdirSync(nearer)
    expect(findHome(undefined, deep).directory).toBe(nearer)
  })

  test('is .twinlatch in the working directory where there is none above', () => {
    expect(findHome(undefined, directory.path).directory).toBe(join(directory.path, '.twinlatch'))
  })

  test('is no file of that name', () => {
    const below = join(directory.path, 'below')
    mkdirSync(below)
    writeFileSync(join(below, '.twinlatch'), '')
    mkdirSync(join(directory.path, '.twinlatch'))
    expect(findHome(undefined, below).directory).toBe(join(directory.path, '.twinlatch'))
  })

  test("is nobody else's: another user could put one above", () => {
    mkdirSync(join(directory.path, '.twinlatch'))
    vi.spyOn(process, 'getuid').mockReturnValue(statSync(directory.path).uid + 1)
    const below = join(directory.path, 'below')
    expect(findHome(undefined, below).directory).toBe(join(below, '.twinlatch'))
    vi.restoreAllMocks()
    expect(findHome(undefined, below).directory).toBe(join(directory.path, '.twinlatch'))
  })

  test('is named by the flag, before the variable, before what is found', () => {
    mkdirSync(join(directory.path, '.twinlatch'))
    vi.stubEnv('TWINLATCH_HOME', '/by/variable')
    expect(findHome('/by/flag', directory.path).directory).toBe('/by/flag')
    expect(findHome(undefined, directory.path).directory).toBe('/by/variable')
    vi.stubEnv('TWINLATCH_HOME', '')
    expect(findHome(undefined, directory.path).directory).toBe(join(directory.path, '.twinlatch'))
  })

  test('is resolved from the working directory when its name is relative', () => {
    expect(findHome('here', directory.path).directory).toBe(join(directory.path, 'here'))
  })

  test('names absolute paths only, also for a key file that was named relatively', () => {
    vi.stubEnv('TWINLATCH_MASTER_KEY_FILE', 'keys/master.key')
    for (const path of Object.values(homeAt('some/where')))
      expect(isAbsolute(path), path).toBe(true)
  })

  test('keeps the master key inside unless a file is named', () => {
    vi.stubEnv('TWINLATCH_MASTER_KEY_FILE', '')
    expect(homeAt('/h').masterKey).toBe('/h/master.key')
    vi.stubEnv('TWINLATCH_MASTER_KEY_FILE', '/run/secrets/master.key')
    expect(homeAt('/h').masterKey).toBe('/run/secrets/master.key')
  })
})

describe('opening a home', () => {
  test('makes it for its owner only', async () => {
    const home = homeAt(join(directory.path, 'a', 'home'))
    await openHome(home)
    expect(statSync(home.directory).mode & 0o777).toBe(0o700)
    await openHome(home)
  })

  test.each([0o750, 0o705, 0o701])('refuses one that others can enter: mode %o', async (mode) => {
    const home = homeAt(join(directory.path, 'open'))
    mkdirSync(home.directory)
    chmodSync(home.directory, mode)
    await expect(openHome(home)).rejects.toMatchObject({
      message: expect.stringContaining(mode.toString(8)),
      cure: `chmod 700 ${home.directory}`,
    })
  })

  test('says why a home cannot be made', async () => {
    writeFileSync(join(directory.path, 'file'), '')
    await expect(openHome(homeAt(join(directory.path, 'file', 'home')))).rejects.toMatchObject({
      message: expect.stringContaining('cannot be made'),
      why: expect.stringContaining('ENOTDIR'),
    })
  })
})

describe('run.json', () => {
  test('tells of the server that runs, and of none once it is removed', async () => {
    const home = homeAt(directory.path)
    expect(readRunState(home)).toBeNull()
    await writeRunState(home, state(process.pid))
    expect(readRunState(home)).toMatchObject({ pid: process.pid, urls: state(1).urls })
    expect(statSync(home.runFile).mode & 0o777).toBe(0o600)
    await removeRunState(home)
    await removeRunState(home)
    expect(readRunState(home)).toBeNull()
  })

  test('of a process that is gone counts as none', async () => {
    const home = homeAt(directory.path)
    await writeRunState(home, state(noPid))
    expect(readRunState(home)).toBeNull()
  })

  test.each([
    ['cut short', '{"pid": 1'],
    ['empty', ''],
    ['of another form', '[]'],
    ['with a field this version does not know', JSON.stringify({ ...state(1), more: 1 })],
    ['with a pid that would signal a process group', JSON.stringify(state(-1))],
    ['that leads to another machine', JSON.stringify(elsewhere)],
    ['with pid 0, which is the own group', JSON.stringify(state(0))],
  ])('%s is named with its cure, exit code 5', (_what, text) => {
    const home = homeAt(directory.path)
    writeFileSync(home.runFile, text)
    expect(() => readRunState(home)).toThrow(
      expect.objectContaining({
        exitCode: exitCodes.unreachable,
        message: expect.stringContaining(home.runFile),
        cure: expect.stringContaining('twinlatch up'),
      }),
    )
  })

  test('names no files outside the home: a copied one would send them elsewhere', async () => {
    const home = homeAt(directory.path)
    await writeRunState(home, { ...state(process.pid), adminToken: '/etc/hostname' })
    expect(readRunState(home)).toMatchObject({ ca: home.authorities, adminToken: home.adminToken })
  })

  test('in a home that others can enter is not believed, as no server runs there', async () => {
    const home = homeAt(directory.path)
    await writeRunState(home, state(process.pid))
    chmodSync(home.directory, 0o755)
    expect(() => readRunState(home)).toThrow('can be entered by others')
  })

  test('replaces a link instead of writing through it', async () => {
    const home = homeAt(directory.path)
    const other = join(directory.path, 'other')
    writeFileSync(other, 'untouched')
    symlinkSync(other, home.runFile)
    await writeRunState(home, state(process.pid))
    expect(statSync(other).size).toBe('untouched'.length)
  })
})

test('a process is alive whoever owns it, and not once it is gone', () => {
  expect(isAlive(process.pid)).toBe(true)
  expect(isAlive(1)).toBe(true)
  expect(isAlive(noPid)).toBe(false)
})
