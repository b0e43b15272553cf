import { describe, expect, test } from 'vitest'
import { type Finding, fuzz } from '../fuzz/engine.ts'
import { makeInput } from '../fuzz/mutate.ts'
import type { FuzzTarget } from '../fuzz/target.ts'
import { targets } from '../fuzz/targets.ts'

/** What a person waits for; `npm run fuzz` runs millions. */
const inputs = 1_500
/** Of targets that decrypt, compile or write a file for each input. */
const inputsOfSlowOnes = 300
const slow = new Set(['pkcs12', 'keystore-file', 'certificate-entry', 'manifest', 'config-yaml'])

async function findingsOf(target: FuzzTarget, seed: number, to: number): Promise<Finding[]> {
  const findings: Finding[] = []
  const corpus = await target.corpus()
  const tally = await fuzz(target, corpus, {
    ...{ seed, from: 0, to },
    onFinding: (finding) => findings.push(finding),
  })
  expect(tally.inputs).toBe(to + corpus.length)
  return findings
}

describe('mutated input', () => {
  test.each(targets)('$name keeps what it promises', async (target) => {
    const findings = await findingsOf(target, 4, slow.has(target.name) ? inputsOfSlowOnes : inputs)
    const told = findings.map(({ kind, detail, input }) => ({
      ...{ kind, detail },
      base64: Buffer.from(input).toString('base64').slice(0, 4_000),
    }))
    expect(told.slice(0, 3)).toEqual([])
  })

  test.each(targets)('$name takes some of its corpus, or the rest says nothing', async (target) => {
    const accepted = await Promise.all(
      (await target.corpus()).map(async (input) => {
        try {
          return await target.run(input)
        } catch (error) {
          expect(target.refuses(error), String(error)).toBe(true)
          return false
        }
      }),
    )
    expect(accepted).toContain(true)
  })
})

describe('the engine finds', () => {
  const broken = (run: FuzzTarget['run']): FuzzTarget => ({
    ...{ name: 'broken', kind: 'bytes', run },
    corpus: async () => [Buffer.from('some input')],
    refuses: (error) => error instanceof RangeError,
  })

  test.each<[string, FuzzTarget['run'], Finding['kind'] | null]>([
    ['an error that is no refusal', () => fail(new TypeError('x')), 'threw'],
    ['the same after a wait', async () => fail(new TypeError('x')), 'threw'],
    ['an input that takes too long', () => spin(150), 'slow'],
    ['no fault in a refusal', () => fail(new RangeError('x')), null],
  ])('%s', async (_, run, kind) => {
    const kinds = (await findingsOf(broken(run), 1, 2)).map((finding) => finding.kind)
    expect(new Set(kinds)).toEqual(new Set(kind === null ? [] : [kind]))
  })

  test('the same input again from its seed and number', () => {
    const [target] = targets
    const corpus = [Buffer.from('3003020100', 'hex')]
    const make = (seed: number, index: number) =>
      target ? Buffer.from(makeInput(target, corpus, { seed, index })).toString('hex') : ''
    const several = Array.from({ length: 50 }, (_, index) => make(9, index))
    expect(Array.from({ length: 50 }, (_, index) => make(9, index))).toEqual(several)
    expect(new Set(several).size).toBeGreaterThan(25)
  })
})

function fail(error: Error): never {
  throw error
}

function spin(ms: number): boolean {
  const begin = process.threadCpuUsage()
  while (process.threadCpuUsage(begin).user < ms * 1000);
  return true
}
