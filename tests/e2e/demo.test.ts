import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireTool } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import { remove, run, temporaryDirectory, twinlatchBin } from './stack.ts'

interface Step {
  readonly step: number
  readonly name: string
  readonly ok: boolean
  readonly ms: number
  readonly command: string
  readonly output: string
}

const stepsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Step)

describe('twinlatch demo', () => {
  test.skipIf(requireTool('curl').missing || requireTool('openssl').missing)(
    'walks all eleven steps with the real tools and every one holds',
    async () => {
      const answer = await run(twinlatchBin, ['demo', '-o', 'json'], { timeoutMs: 120_000 })
      const steps = stepsOf(answer.stdout)
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      expect(steps.filter(({ ok }) => !ok)).toEqual([])
      expect(answer.code).toBe(0)
      expect(answer.stdout).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY-----[^ ]/)
    },
  )

  test('fails the steps that need curl, and exits 1, when curl is one that fails', async () => {
    const directory = temporaryDirectory()
    try {
      writeFileSync(join(directory, 'curl'), '#!/bin/sh\nexit 7\n')
      chmodSync(join(directory, 'curl'), 0o755)
      const answer = await run(twinlatchBin, ['demo', '-o', 'json'], {
        timeoutMs: 120_000,
        env: { PATH: `${directory}:${process.env['PATH']}` },
      })
      expect(answer.code).toBe(1)
      const failed = stepsOf(answer.stdout).filter(({ ok }) => !ok)
      expect(failed.map(({ step }) => step)).toEqual(expect.arrayContaining([5, 10, 11]))
      expect(failed.find(({ step }) => step === 10)?.output).toContain('curl')
    } finally {
      remove(directory)
    }
  })
})
