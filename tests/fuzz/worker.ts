import { setFlagsFromString } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import { type Finding, fuzz, type Tally } from './engine.ts'
import { targets } from './targets.ts'

/** What a worker is asked to run. `progress` is where the watchdog reads what runs. */
export interface WorkerOrder {
  readonly target: string
  readonly seed: number
  readonly from: number
  readonly to: number
  readonly progress: Progress
}

/** Memory that both threads see: number of the input, its length, its bytes. */
export interface Progress {
  readonly counters: Int32Array<SharedArrayBuffer>
  readonly input: Uint8Array<SharedArrayBuffer>
}

/** What a worker says; `done` comes last. */
export type WorkerMessage =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'ready'; readonly corpus: number }
  | { readonly kind: 'done'; readonly tally: Tally }

setFlagsFromString('--expose-gc')
const { target: name, progress, ...order } = workerData as WorkerOrder
const say = (message: WorkerMessage) => parentPort?.postMessage(message)
const target = targets.find((candidate) => candidate.name === name)
if (target === undefined) throw new TypeError(`no target ${name}`)
const corpus = await target.corpus()
say({ kind: 'ready', corpus: corpus.length })
const tally = await fuzz(target, corpus, {
  ...order,
  onInput(index, input) {
    progress.input.set(input.subarray(0, progress.input.length))
    Atomics.store(progress.counters, 1, input.length)
    Atomics.store(progress.counters, 0, index)
    Atomics.add(progress.counters, 2, 1)
  },
  onFinding: (finding) => say({ kind: 'finding', finding }),
})
say({ kind: 'done', tally })
