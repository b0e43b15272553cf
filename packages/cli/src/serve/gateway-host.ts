import type { Control } from '@twinlatch/control'
import {
  compile,
  createNodeEngine,
  type Engine,
  type GatewaySettings,
  plan,
} from '@twinlatch/gateway'
import { type Clock, type Logger, type Metrics, messageOf, type Stoppable } from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import { planInput } from './document-compiler.ts'

export interface GatewayHostOptions {
  readonly control: Control
  readonly settings: GatewaySettings
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** The gateway of this process, kept up to date with the applied documents. */
export interface GatewayHost extends Stoppable {
  readonly engine: Engine
  /** Generation of the snapshot that serves now. */
  generation(): number
}

/** How long running requests may take to end when the gateway stops (console-and-cli.md section 8). */
const drainMs = 25_000

/** Compiles what is stored, listens, and swaps the whole value whenever documents change. */
export async function openGatewayHost(options: GatewayHostOptions): Promise<GatewayHost> {
  const { control, settings, clock, log, metrics } = options
  const engine = createNodeEngine({ settings, sink: control.explanations, metrics, clock, log })
  let generation = 0

  const takeOver = async (): Promise<void> => {
    try {
      const { plan: next, warnings } = plan(planInput(await control.documents.all(), settings))
      generation += 1
      engine.swap(compile(next, generation))
      metrics.configReloadSuccess.set({ kind: 'documents' }, 1)
      log.info(
        { event: 'gateway.swapped', generation, warnings: warnings.length },
        'snapshot taken',
      )
    } catch (error) {
      // What serves keeps serving; the documents were checked before they were stored.
      metrics.configReloadSuccess.set({ kind: 'documents' }, 0)
      log.error({ event: 'gateway.swap_failed', reason: messageOf(error) }, 'snapshot refused')
      // Whoever told of the change tells again while the store is away.
      if (generation === 0 || isStoreUnavailable(error)) throw error
    }
  }

  // One after the other, and heard of before the first: no change falls between.
  let last = Promise.resolve()
  const reload = () => {
    last = last.catch(() => undefined).then(takeOver)
    return last
  }
  const unsubscribe = control.documents.onChange(reload)
  await reload()
  await engine.listen()
  return {
    engine,
    generation: () => generation,
    stop: async () => {
      unsubscribe()
      await engine.stop(drainMs)
    },
  }
}
