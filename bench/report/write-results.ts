import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import type { Sample } from '../gateway/runs.ts'
import { plotOf } from './plot.ts'
import { type Ratio, ratiosOf } from './ratios.ts'
import { type Row, summarize } from './summary.ts'
import { markdownOf } from './table.ts'

/** What `results/bench.json` holds. */
export interface BenchResult {
  readonly machine: {
    readonly cores: number
    readonly cpu: string
    readonly kernel: string
    readonly date: string
    readonly pinned: boolean
  }
  readonly quick: boolean
  readonly contenders: readonly {
    readonly name: string
    readonly program: string
    readonly caches: string
  }[]
  readonly skipped: readonly string[]
  readonly ratios: readonly Ratio[]
  readonly rows: readonly Row[]
  readonly samples: readonly Sample[]
}

/** Writes `results/bench.json`, `results/bench.md` and `results/plot.svg`; answers the Markdown. */
export function writeResults(
  measured: Pick<BenchResult, 'quick' | 'contenders' | 'skipped' | 'samples'> & {
    readonly pinned: boolean
  },
): string {
  const { pinned, ...rest } = measured
  const rows = summarize(measured.samples)
  const ratios = ratiosOf(rows, measured.samples)
  const [first] = cpus()
  const result: BenchResult = {
    machine: {
      cores: cpus().length,
      cpu: first?.model ?? 'unknown CPU',
      kernel: release(),
      date: new Date().toISOString().slice(0, 10),
      pinned,
    },
    ...rest,
    ratios,
    rows,
  }
  const folder = new URL('../results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('bench.json', folder), `${JSON.stringify(result, null, 1)}\n`)
  const dirty = rows.reduce((sum, row) => sum + row.dirtyRounds, 0)
  const note = `${result.machine.date}, ${result.machine.cores} cores${dirty > 0 ? `, ${dirty} rounds disturbed by other load` : ''}; above 1 is ahead`
  writeFileSync(new URL('plot.svg', folder), plotOf(ratios, note))
  const text = markdownOf(result)
  writeFileSync(new URL('bench.md', folder), text)
  return text
}
