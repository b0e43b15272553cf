import { afterEach, describe, expect, test, vi } from 'vitest'
import { requireTool } from './tools.ts'

afterEach(() => vi.unstubAllEnvs())

describe('requireTool', () => {
  test('an installed tool is run and its exit code is an answer', async () => {
    const sh = requireTool('sh')
    expect(sh.missing).toBe(false)
    expect(await sh.run(['-c', 'cat; echo no >&2; exit 7'], { input: 'hello' })).toEqual({
      exitCode: 7,
      stdout: 'hello',
      stderr: 'no\n',
    })
  })

  test('a missing tool skips', () => {
    vi.stubEnv('TWINLATCH_REQUIRE_TOOLS', '')
    expect(requireTool('no-such-tool-of-twinlatch').missing).toBe(true)
  })

  test('a missing tool fails where tools are required', () => {
    vi.stubEnv('TWINLATCH_REQUIRE_TOOLS', '1')
    expect(() => requireTool('no-such-tool-of-twinlatch')).toThrow(/not installed/)
  })

  test('a tool that hangs is ended by the time limit', async () => {
    expect((await requireTool('sh').run(['-c', 'cat'], { timeoutMs: 50 })).exitCode).toBe(0)
    const result = await requireTool('sleep').run(['30'], { timeoutMs: 50 })
    expect(result.exitCode).toBe(-1)
  })
})
