import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const bin = fileURLToPath(new URL('../bin/twinlatch.js', import.meta.url))
let directory: TemporaryDirectory

beforeAll(async () => {
  directory = await createTemporaryDirectory()
})
afterAll(() => directory.remove())

function twinlatch(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    env: { ...process.env, TWINLATCH_HOME: join(directory.path, 'none'), ...env },
    input,
    encoding: 'utf8',
  })
  return { code: status, stdout, lines: stderr.trimEnd().split('\n') }
}

describe('exit codes', () => {
  test.each([
    [0, 'fine', ['version']],
    [0, 'help that was asked for', ['cert', 'issue', '--help']],
    [0, 'the version that was asked for', ['--version']],
    [1, 'failed', ['dn', 'compare', 'CN=a', 'CN=b']],
    [2, 'an unknown command', ['frobnicate']],
    [2, 'an unknown flag', ['version', '--frobnicate']],
    [2, 'a missing argument', ['cert', 'issue']],
    [2, 'a value that is not one of the choices', ['cert', 'issue', 'a', '--profile', 'x']],
    [2, 'a number that is none', ['cert', 'issue', 'a', '--days', '0x10']],
    [2, 'nothing at all', []],
    [2, 'a noun without a verb', ['cert']],
    [2, 'a command that is not built', ['policy', 'test', '-f', 'x']],
    [5, 'no server', ['cert', 'list']],
  ] as const)('%i: %s', (code, _what, args) => {
    expect(twinlatch(args).code).toBe(code)
  })
})

describe('an error', () => {
  test('is three short lines on stderr: what, why, what to do; nothing on stdout', () => {
    const { stdout, lines } = twinlatch(['cert', 'list'])
    expect(stdout).toBe('')
    expect(lines).toEqual([
      expect.stringMatching(/^✕ No server is running here\.$/),
      expect.stringMatching(/^ {2}\S.*run\.json/),
      expect.stringMatching(/^ {2}→ .*twinlatch up/),
    ])
  })

  test('has its code behind it, and never a stack', () => {
    const { lines } = twinlatch(['dn', 'show', 'CN=a,,'])
    expect(lines[0]).toMatch(/^✕ .+ {2}\[[a-z-/]+\]$/)
    expect(lines.join('\n')).not.toMatch(/\n {4}at |\.ts:\d/)
  })

  test('has ASCII symbols where the locale has no others', () => {
    const [first] = twinlatch(['cert', 'list'], { LC_ALL: 'C' }).lines
    expect(first).toMatch(/^x /)
  })

  test('says why a server cannot be reached, also when it has two addresses', () => {
    const { code, lines } = twinlatch(['cert', 'inspect', 'https://localhost:1'])
    expect(code).toBe(5)
    expect(lines.join('\n')).toContain('ECONNREFUSED')
  })
})

test('help of a command is the same by flag and by word, examples included', () => {
  const byFlag = twinlatch(['cert', 'issue', '--help'])
  const byWord = twinlatch(['help', 'cert', 'issue'])
  expect(byWord.stdout).toBe(byFlag.stdout)
  expect(byWord.stdout).toContain('twinlatch cert issue poster-quovadis')
})

test('a password that was mistyped in a pipe is not waited for', () => {
  const answer = twinlatch(['cert', 'issue', 'a', '-o', join(directory.path, 'a.p12')])
  expect(answer.code).toBe(2)
  expect(answer.lines.join('\n')).toContain('--password-stdin')
  expect(existsSync(join(directory.path, 'a.p12'))).toBe(false)
})
