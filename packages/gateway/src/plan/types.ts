import type { ProblemItem } from '@twinlatch/kit'
import type { GatewaySettings } from '../config.ts'
import type { DocumentSet } from '../document.ts'
import type { PolicyRule } from '../istio/authorization-policy.ts'
import type { PlannedWorkload } from './planned-route.ts'
import type { PlannedServer } from './planned-server.ts'

/** Everything that `plan` looks at. */
export interface PlanInput {
  readonly sets: readonly DocumentSet[]
  readonly settings: GatewaySettings
}

/**
 * The plan, and what is wrong with the documents. The plan is usable even with problems: whatever a
 * problem touches is planned closed, never open (gateway.md section 17).
 */
export interface PlanResult {
  readonly plan: Plan
  readonly problems: readonly ProblemItem[]
  readonly warnings: readonly ProblemItem[]
}

/** What the documents mean, with every reference resolved; only what an engine can honour. */
export interface Plan {
  readonly settings: GatewaySettings
  readonly ports: readonly PlannedPort[]
  readonly workloads: readonly PlannedWorkload[]
  readonly policies: readonly PlannedPolicy[]
}

/** One listener port with the servers that share it, older Gateways first. */
export interface PlannedPort {
  readonly listenerPort: number
  readonly servers: readonly PlannedServer[]
}

/** Policies of one point, by id; with `error` everything is refused (`POL_ERROR`). */
export interface PolicyAttachment {
  readonly policies: readonly string[]
  readonly error: { readonly policy: string; readonly reason: string } | null
}

/** An AuthorizationPolicy as it is evaluated, wherever it is attached. */
export interface PlannedPolicy {
  /** `<subaccount GUID>/<namespace>/<name>`. */
  readonly id: string
  /** `namespace/name`. */
  readonly name: string
  readonly namespace: string
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT'
  readonly dryRun: boolean
  readonly rules: readonly PolicyRule[]
}
