import type { DocumentCompiler, DocumentSet } from '@twinlatch/control'
import { type GatewaySettings, type PlanInput, parseManifests, plan } from '@twinlatch/gateway'

/**
 * What `control` needs of the gateway: reading manifests, and checking the whole set of all
 * subaccounts before any of it is stored. Pure; the gateway itself sees snapshots only.
 */
export function createDocumentCompiler(settings: GatewaySettings): DocumentCompiler {
  return {
    parse: (files) => parseManifests(files),
    check: (sets) => {
      const { problems, warnings } = plan(planInput(sets, settings))
      return { problems, warnings }
    },
  }
}

/** The gateway's input for these documents. */
export function planInput(sets: readonly DocumentSet[], settings: GatewaySettings): PlanInput {
  return { sets, settings }
}
