import { inputBytesMax, makeInput } from './mutate.ts'
import type { FuzzTarget } from './target.ts'

/** Something a parser did that it must not do. */
export interface Finding {
  readonly target: string
  readonly kind: 'threw' | 'slow' | 'hang' | 'memory'
  readonly detail: string
  readonly seed: number
  readonly index: number
  readonly input: Uint8Array
}

/** What came of a run, or of a part of it. */
export interface Tally {
  readonly inputs: number
  readonly accepted: number
  /** The most one input took, of the processor. */
  readonly slowestMs: number
}

/** Which inputs to make and run, and who is told. */
export interface FuzzOrder {
  readonly seed: number
  readonly from: number
  readonly to: number
  /** Before an input runs: whoever watches can say what hangs. */
  onInput?(index: number, input: Uint8Array): void
  onFinding(finding: Finding): void
}

/** Processor time one input may take (the limit of one file): measured, not waited for. */
const budgetMs = 100
/** Inputs between two looks at the memory. */
const batchInputs = 10_000
/** What a process may grow after its first batch; garbage is collected before the look. */
const growthBytesMax = 200 * 1024 * 1024

/** Runs the inputs `from` to `to` of a seed; `from` 0 also runs the corpus unchanged. */
export async function fuzz(
  target: FuzzTarget,
  corpus: readonly Uint8Array[],
  order: FuzzOrder,
): Promise<Tally> {
  const { seed, from, to, onInput, onFinding } = order
  const tally = { inputs: 0, accepted: 0, slowestMs: 0 }
  let baseline: number | null = null
  const first = from === 0 ? -corpus.length : from
  for (let index = first; index < to; index += 1) {
    const input =
      index < 0 ? corpus[index + corpus.length] : makeInput(target, corpus, { seed, index })
    if (input === undefined) continue
    onInput?.(index, input)
    const outcome = runOne(target, input)
    const { accepted, tookMs, fault } = outcome instanceof Promise ? await outcome : outcome
    tally.inputs += 1
    if (accepted) tally.accepted += 1
    const report = (kind: Finding['kind'], detail: string) =>
      onFinding({ target: target.name, kind, detail, seed, index, input: Uint8Array.from(input) })
    if (fault !== null) report('threw', fault)
    const confirmedMs = tookMs > budgetMs ? await confirm(target, input, tookMs) : tookMs
    tally.slowestMs = Math.max(tally.slowestMs, confirmedMs)
    if (confirmedMs > budgetMs) report('slow', `${confirmedMs.toFixed(0)} ms of the processor`)
    if (tally.inputs % batchInputs === 0) {
      const bytes = memoryBytes()
      baseline ??= bytes
      if (bytes - baseline > growthBytesMax) {
        report('memory', `grew by ${Math.round((bytes - baseline) / 1024 / 1024)} MiB`)
        baseline = bytes
      }
    }
  }
  return tally
}

interface Outcome {
  readonly accepted: boolean
  readonly tookMs: number
  readonly fault: string | null
}

/** Runs one input; a parser that answers at once is not waited for, which keeps millions quick. */
export function runOne(target: FuzzTarget, input: Uint8Array): Outcome | Promise<Outcome> {
  if (input.length > inputBytesMax * 32) throw new TypeError('an input that no mutation makes')
  const begin = process.threadCpuUsage()
  const done = (accepted: boolean, fault: string | null): Outcome => {
    const { user, system } = process.threadCpuUsage(begin)
    return { accepted, fault, tookMs: (user + system) / 1000 }
  }
  const failed = (error: unknown) =>
    done(false, target.refuses(error) ? null : describeError(error))
  try {
    const result = target.run(input)
    if (!(result instanceof Promise)) return done(result, null)
    return result.then((accepted) => done(accepted, null), failed)
  } catch (error) {
    return failed(error)
  }
}

/** The least of three more runs: garbage collection and compilation are not the parser's cost. */
async function confirm(target: FuzzTarget, input: Uint8Array, tookMs: number): Promise<number> {
  let least = tookMs
  for (let again = 0; again < 3; again += 1) {
    const { tookMs: next } = await runOne(target, input)
    least = Math.min(least, next)
  }
  return least
}

function memoryBytes(): number {
  Reflect.get(globalThis, 'gc')?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error}`
  const frame = error.stack?.split('\n').find((line) => /^\s+at .*\/(packages|tests)\//.test(line))
  return `${error.name}: ${error.message.slice(0, 300)} ${frame?.trim() ?? ''}`
}
