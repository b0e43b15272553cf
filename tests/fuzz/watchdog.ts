import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Finding, Tally } from './engine.ts'
import type { Progress, WorkerMessage, WorkerOrder } from './worker.ts'

/** A run of one target, watched. */
export interface WatchedRun {
  readonly target: string
  readonly seed: number
  readonly inputs: number
  onFinding(finding: Finding): void
}

/** Processor time after which an input hangs: twenty budgets, since the worker shares its process. */
const hangMs = 2_000
const lookEveryMs = 100
/** Old generation of a worker; beyond it the worker ends, which is a finding. */
const heapMiB = 768

/**
 * Runs all inputs of a target in a worker thread. One that hangs or takes all memory ends its
 * worker and is a finding with its bytes; the next worker goes on behind it.
 */
export async function runWatched(run: WatchedRun): Promise<Tally> {
  const total = { inputs: 0, accepted: 0, slowestMs: 0 }
  for (let from = 0; from < run.inputs; ) {
    const part = await runPart(run, from)
    total.inputs += part.tally.inputs
    total.accepted += part.tally.accepted
    total.slowestMs = Math.max(total.slowestMs, part.tally.slowestMs)
    from = part.next
  }
  return total
}

async function runPart(
  { target, seed, inputs, onFinding }: WatchedRun,
  from: number,
): Promise<{ tally: Tally; next: number }> {
  const progress: Progress = {
    counters: new Int32Array(new SharedArrayBuffer(12)),
    input: new Uint8Array(new SharedArrayBuffer(1024 * 1024)),
  }
  const order: WorkerOrder = { target, seed, from, to: inputs, progress }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  })
  let tally: Tally | null = null
  let death: Pick<Finding, 'kind' | 'detail'> | null = null
  const watch = watchFor(progress, () => {
    death = { kind: 'hang', detail: `more than ${hangMs} ms of the processor` }
    void worker.terminate()
  })
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'finding') onFinding(message.finding)
    if (message.kind === 'ready') watch.start()
    if (message.kind === 'done') tally = message.tally
  })
  worker.on('error', (error) => {
    const memory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    death = { kind: memory ? 'memory' : 'threw', detail: String(error) }
  })
  await once(worker, 'exit')
  watch.stop()
  if (tally !== null) return { tally, next: inputs }
  const [index, length] = [Atomics.load(progress.counters, 0), Atomics.load(progress.counters, 1)]
  const ran = Atomics.load(progress.counters, 2)
  if (ran === 0) throw new Error(`${target} did not start`, { cause: death })
  const input = Uint8Array.from(progress.input.subarray(0, length))
  onFinding({ target, seed, index, input, ...(death ?? { kind: 'threw', detail: 'worker ended' }) })
  return { tally: { inputs: ran, accepted: 0, slowestMs: hangMs }, next: Math.max(index + 1, 1) }
}

/** Calls `onHang` when one and the same input has had the processor for longer than it may. */
function watchFor(progress: Progress, onHang: () => void) {
  let seen = -1
  let since = process.cpuUsage()
  let timer: NodeJS.Timeout | undefined
  return {
    start() {
      since = process.cpuUsage()
      timer = setInterval(() => {
        const now = Atomics.load(progress.counters, 2)
        const { user, system } = process.cpuUsage(since)
        if (now !== seen) {
          seen = now
          since = process.cpuUsage()
        } else if ((user + system) / 1000 > hangMs) {
          onHang()
        }
      }, lookEveryMs)
    },
    stop: () => clearInterval(timer),
  }
}
