import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createProgram } from '../program.ts'
import type { Terminal } from '../terminal.ts'

let said: string[]
const terminal: Terminal = {
  out: (text) => said.push(text),
  note: (text) => said.push(text),
  symbols: { pass: '✓', fail: '✕', skip: '–', warn: '⚠' },
}

beforeEach(() => {
  said = []
  vi.stubEnv('TWINLATCH_HOME', '/no/such/home')
  vi.stubEnv('TWINLATCH_SERVER', undefined)
})
afterEach(() => vi.unstubAllEnvs())

async function run(...words: readonly string[]): Promise<string> {
  await createProgram(terminal).parseAsync(words, { from: 'user' })
  return said.join('\n')
}

const complete = async (...words: readonly string[]) =>
  (await run('__complete', '--', ...words)).split('\n').filter(Boolean)

describe('a word is completed with', () => {
  test('what is built, not with what only says that it is not', async () => {
    const found = await complete('')
    expect(found).toEqual(expect.arrayContaining(['up', 'cert', 'explain', 'completion']))
    expect(found).not.toContain('policy')
    expect(found).not.toContain('__complete')
  })

  test.each([
    ['the verbs of a noun', ['cert', ''], 'inspect'],
    ['the same by a short form', ['dest', ''], 'find'],
    ['flags', ['cert', 'issue', 'a', '--'], '--key-type'],
    ['the choices of a flag', ['cert', 'issue', '--profile', ''], 'partner'],
    ['the choices of a short flag that has some', ['binding', 'show', 'a', '--as', ''], 'vcap'],
    ['the choices of an argument', ['completion', ''], 'fish'],
  ])('%s', async (_what, words, expected) => {
    expect(await complete(...words)).toContain(expected)
  })

  test('nothing where a value is free, so that the shell offers files', async () => {
    expect(await complete('cert', 'issue', '--password-file', '')).toEqual([])
  })

  test('no names, and no error, where no server runs', async () => {
    expect(await complete('dest', 'get', '')).toEqual([])
  })

  test('the right words after a flag of ours in the middle', async () => {
    expect(await complete('cert', 'issue', '--force', '')).toEqual([])
    expect(await complete('--help', 'cert', '')).toContain('issue')
  })
})

describe('a script', () => {
  test.each(['bash', 'zsh', 'fish', 'powershell'])(
    'for %s asks the program itself',
    async (shell) => {
      expect(await run('completion', shell)).toContain('__complete')
    },
  )

  test.each(['bash', 'zsh', 'fish'])(
    'for %s is read by that shell, where there is one',
    async (shell) => {
      const script = await run('completion', shell)
      const { error, status, stderr } = spawnSync(shell, ['-n'], {
        input: script,
        encoding: 'utf8',
      })
      if (error) return
      expect(status, stderr).toBe(0)
    },
  )

  test('for bash completes what the program answers', async () => {
    const script = await run('completion', 'bash')
    const { stdout, error } = spawnSync(
      'bash',
      [
        '-c',
        `${script}
        twinlatch() { printf 'issue\\ninspect\\nlist\\n'; }
        COMP_WORDS=(twinlatch cert i) COMP_CWORD=2
        _twinlatch; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    )
    if (error) return
    expect(stdout.trim().split('\n')).toEqual(['issue', 'inspect'])
  })
})
