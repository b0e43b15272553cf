import type { DocumentCompiler, DocumentSet } from '@twinlatch/control'
import {
  type GatewaySettings,
  type PlanInput,
  type Planner,
  parseManifests,
} from '@twinlatch/gateway'

/**
 * What `control` needs of the gateway: reading manifests, and checking the whole set of all
 * subaccounts before any of it is stored. The gateway itself sees snapshots only; with the same
 * `planner` it need not plan again what was checked.
 */
export function createDocumentCompiler(
  settings: GatewaySettings,
  planner: Planner,
): DocumentCompiler {
  return {
    parse: (files) => parseManifests(files),
    check: (sets) => {
      const { problems, warnings } = planner.plan(planInput(sets, settings))
      return { problems, warnings }
    },
  }
}

/** The gateway's input for these documents. */
export function planInput(sets: readonly DocumentSet[], settings: GatewaySettings): PlanInput {
  return { sets, settings }
}
