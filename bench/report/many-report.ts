import { mkdirSync, writeFileSync } from 'node:fs'
import type { Size } from '../gateway/many-manifests.ts'
import type { StageTimes } from '../gateway/stages.ts'
import type { Measurement } from '../machine/load.ts'
import type { PairedRatio } from './paired-ratio.ts'
import { median } from './summary.ts'

/** Everything that `many.ts` found out. */
export interface ManyResult {
  readonly size: Size
  readonly against: Size
  readonly dirty: boolean
  /** Pairs of processes that were compared. */
  readonly starts: number
  /** Per CPU second, large by small: 1 is "costs the same". */
  readonly requests: PairedRatio
  readonly handshakes: PairedRatio
  readonly firstApply: StageTimes | null
  readonly changedPolicy: readonly StageTimes[]
  readonly changedPolicyUnderLoad: readonly StageTimes[]
  readonly underSwap: Measurement
  readonly memoryMb: { readonly small: number; readonly large: number }
  readonly samples: readonly object[]
}

/** Writes `results/many.json` and `results/many.md`. */
export function writeManyReport(result: ManyResult): void {
  const folder = new URL('../results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('many.json', folder), `${JSON.stringify(result, null, 2)}\n`)
  const text = markdown(result)
  writeFileSync(new URL('many.md', folder), text)
  process.stdout.write(text)
}

function markdown(result: ManyResult): string {
  const { size, against, starts, firstApply, underSwap, memoryMb } = result
  const range = ({ ratio, low, high, pairs }: PairedRatio) =>
    `${ratio.toFixed(2)} (95 %: ${low.toFixed(2)} to ${high.toFixed(2)}, ${pairs} pairs, ${starts} starts)`
  const total = (times: readonly StageTimes[], field: 'totalMs' | 'totalCpuMs') =>
    times.length === 0 ? 'none' : `${Math.round(median(times.map((one) => one[field])))} ms`
  const faults = underSwap.broken + underSwap.refused
  return `# Many
${result.dirty ? '\n**DIRTY**: other programs were at work on this machine. Judge the figures per CPU second.\n' : ''}
${describe(size)}, against ${describe(against)}.

| what | result | target |
|---|---|---|
| requests per CPU second, large by small | ${range(result.requests)} | ≥ 0.95 |
| full handshakes per CPU second, large by small | ${range(result.handshakes)} | ≥ 0.95 |
| all of it planned, compiled and swapped in | ${firstApply?.totalMs ?? 'none'} ms (CPU ${firstApply?.totalCpuMs ?? 'none'} ms) | < 2000 ms |
| one changed policy, the same | ${total(result.changedPolicy, 'totalMs')} (CPU ${total(result.changedPolicy, 'totalCpuMs')}) | < 100 ms |
| requests that failed while ${result.changedPolicyUnderLoad.length} changes were swapped in | ${faults} of ${underSwap.total} (p99 ${underSwap.p99Ms} ms) | 0 |
| memory after the runs, small and large | ${memoryMb.small} MB, ${memoryMb.large} MB | |
`
}

function describe({ subjects, hosts, routes, bundles }: Size): string {
  return `${subjects} allowed subjects, ${hosts} hosts, ${routes} routes, ${bundles} trust bundles`
}
