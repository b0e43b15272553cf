import type { DocumentSet, Documents } from '@twinlatch/control'
import {
  compile,
  createNodeEngine,
  type Engine,
  type EngineOptions,
  type GatewaySettings,
  type Planner,
} from '@twinlatch/gateway'
import { type Clock, type Logger, type Metrics, messageOf, type Stoppable } from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import { planInput } from './document-compiler.ts'
import type { Snapshot } from './snapshot.ts'

export interface GatewayHostOptions {
  readonly settings: GatewaySettings
  readonly planner: Planner
  readonly sink: EngineOptions['sink']
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Told of everything that was taken over from the database. */
  keep(snapshot: Snapshot): void
}

/** Where the snapshot that serves came from, and when it was taken over from the database. */
export interface SnapshotOrigin {
  readonly source: 'database' | 'disk'
  readonly takenAt: string
}

/** The gateway of this process. It listens from its first snapshot on, wherever that comes from. */
export interface GatewayHost extends Stoppable {
  readonly engine: Engine
  /** Generation of the snapshot that serves now. */
  generation(): number
  origin(): SnapshotOrigin | null
  /** Serves what was kept on disk, while the database cannot be reached. */
  serveFromDisk(snapshot: Snapshot): Promise<void>
  /** Serves what is stored, and every change of it. Returns the function that ends it. */
  follow(documents: Documents): Promise<() => void>
}

/** How long running requests may take to end when the gateway stops (console-and-cli.md section 8). */
const drainMs = 25_000

/** Faults in one line of the log: the others are found one by one, by mending these. */
const problemsTold = 5

/** Compiles documents and swaps the whole value whenever they change. */
export function createGatewayHost(options: GatewayHostOptions): GatewayHost {
  const { clock, log, metrics } = options
  const engine = createNodeEngine(options)
  let generation = 0
  let origin: SnapshotOrigin | null = null

  const take = (sets: readonly DocumentSet[], from: SnapshotOrigin) => {
    const {
      plan: next,
      problems,
      warnings,
    } = options.planner.plan(planInput(sets, options.settings))
    generation += 1
    engine.swap(compile(next, generation))
    origin = from
    metrics.configReloadSuccess.set({ kind: 'documents' }, 1)
    metrics.snapshotFromDisk.set(from.source === 'disk' ? 1 : 0)
    // Nothing of the kind is taken any more: an earlier version or other settings had taken it.
    if (problems.length > 0) {
      const told = problems.slice(0, problemsTold).map(({ path, message }) => `${path}: ${message}`)
      log.warn(
        { event: 'gateway.refused_documents', problems: problems.length, told },
        'documents that are stored are refused; what they touch is closed',
      )
    }
    log.info(
      { event: 'gateway.swapped', generation, warnings: warnings.length, ...from },
      'snapshot taken',
    )
  }
  const takeOver = async (documents: Documents): Promise<void> => {
    try {
      const sets = await documents.all()
      const takenAt = clock.now().toISOString()
      take(sets, { source: 'database', takenAt })
      options.keep({ takenAt, sets })
    } catch (error) {
      // What serves keeps serving; the documents were checked before they were stored.
      metrics.configReloadSuccess.set({ kind: 'documents' }, 0)
      log.error({ event: 'gateway.swap_failed', reason: messageOf(error) }, 'snapshot refused')
      // Whoever told of the change tells again while the store is away.
      if (generation === 0 || isStoreUnavailable(error)) throw error
    }
  }

  let listening: Promise<void> | undefined
  const listen = () => {
    listening ??= engine.listen()
    return listening
  }
  return {
    engine,
    generation: () => generation,
    origin: () => origin,
    async serveFromDisk({ sets, takenAt }) {
      take(sets, { source: 'disk', takenAt })
      await listen()
    },
    async follow(documents) {
      // One after the other, and heard of before the first: no change falls between.
      let last = Promise.resolve()
      const reload = () => {
        last = last.catch(() => undefined).then(() => takeOver(documents))
        return last
      }
      const unfollow = documents.onChange(reload)
      try {
        await reload()
        await listen()
      } catch (error) {
        unfollow()
        throw error
      }
      return unfollow
    },
    stop: () => engine.stop(drainMs),
  }
}
