import type { Sample } from '../gateway/runs.ts'
import { rounded } from '../machine/load.ts'

/** Median of what there is; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Medians of all rounds of one run on one contender. */
export interface Row {
  readonly group: string
  readonly run: string
  readonly contender: string
  readonly perSecond: number
  readonly megabytesPerSecond: number
  readonly memoryMb: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perCpuSecond: number
  readonly cpuSeconds: number
  readonly faults: number
  readonly reused: number
  readonly handshakes: number
  readonly rounds: number
  readonly dirtyRounds: number
}

/**
 * Medians by group, run and contender, in the order of the samples. Rounds that other load has
 * disturbed are left out, unless there is no other one.
 */
export function summarize(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, ({ group, run, contender }) => {
    return JSON.stringify([group, run, contender])
  })
  return [...groups.values()].flatMap((all) => {
    const [first] = all
    if (!first) return []
    const clean = all.filter(({ dirty }) => !dirty)
    const used = clean.length > 0 ? clean : all
    const of = (figure: NumberField) => rounded(median(used.map((sample) => sample[figure])), 2)
    const sum = (figure: NumberField) => all.reduce((total, sample) => total + sample[figure], 0)
    return {
      group: first.group,
      run: first.run,
      contender: first.contender,
      perSecond: of('perSecond'),
      megabytesPerSecond: of('megabytesPerSecond'),
      memoryMb: of('memoryMb'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      perCpuSecond: of('perCpuSecond'),
      cpuSeconds: of('cpuSeconds'),
      faults: sum('broken') + sum('refused'),
      reused: sum('reused'),
      handshakes: sum('handshakes'),
      rounds: all.length,
      dirtyRounds: all.length - clean.length,
    }
  })
}

type NumberField = {
  [Name in keyof Sample]: Sample[Name] extends number ? Name : never
}[keyof Sample]
