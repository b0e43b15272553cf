import type { ProblemItem, SubaccountId } from '@twinlatch/kit'
import type { TlsSettings } from '@twinlatch/wire'
import type { WorkloadTarget } from '../compiled.ts'
import type { GatewaySettings } from '../config.ts'
import type { DocumentSet } from '../document.ts'
import type { LocalIdentity } from '../header-operators.ts'
import type { PolicyRule } from '../istio/authorization-policy.ts'
import type { RedirectRule } from '../istio/virtual-service-action.ts'
import type { HeaderRules } from '../istio/virtual-service-headers.ts'
import type { HttpMatch } from '../istio/virtual-service-match.ts'

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

export interface PlannedPort {
  readonly listenerPort: number
  readonly servers: readonly PlannedServer[]
}

export interface PlannedServer {
  /** `<subaccount GUID>/<namespace>/<gateway>/<port name>`. */
  readonly key: string
  readonly subaccountId: SubaccountId
  readonly gateway: { readonly namespace: string; readonly name: string }
  /** The manifest's number, such as 443. */
  readonly port: number
  readonly hosts: readonly string[]
  readonly mode: 'SIMPLE' | 'MUTUAL' | 'OPTIONAL_MUTUAL'
  readonly certificateRequired: boolean
  readonly pins: PlannedPins
  readonly material: PlannedMaterial
  readonly policies: PolicyAttachment
  readonly virtualHosts: readonly PlannedVirtualHost[]
}

export interface PlannedPins {
  readonly certificateHashes: readonly string[]
  readonly spkiHashes: readonly string[]
  readonly subjectAltNames: readonly string[]
}

export type PlannedMaterial =
  | {
      readonly ready: true
      readonly tls: TlsSettings
      readonly bundleName: string | null
      readonly local: Omit<LocalIdentity, 'hostname'>
    }
  | { readonly ready: false; readonly reason: string }

/** Policies of one point, by id; with `error` everything is refused (`POL_ERROR`). */
export interface PolicyAttachment {
  readonly policies: readonly string[]
  readonly error: { readonly policy: string; readonly reason: string } | null
}

export interface PlannedVirtualHost {
  /** Exact name, `*.suffix` or `*`. */
  readonly host: string
  /** In the order of gateway.md section 6.1. */
  readonly routes: readonly PlannedRoute[]
}

export interface PlannedRoute {
  readonly name: string
  /** `null` matches everything. */
  readonly match: HttpMatch | null
  readonly headers: HeaderRules | null
  readonly action: PlannedAction
}

export type PlannedAction =
  | {
      readonly kind: 'forward'
      readonly destinations: readonly PlannedDestination[]
      readonly timeoutMs: number | null
      readonly retries: number
      readonly rewriteUri: string | null
      readonly rewriteAuthority: string | null
    }
  | { readonly kind: 'redirect'; readonly rule: RedirectRule }
  | { readonly kind: 'direct-response'; readonly status: number; readonly body: string }

export interface PlannedDestination {
  /** Key of a workload of the plan. */
  readonly workload: string
  readonly weight: number
  readonly headers: HeaderRules | null
}

export interface PlannedWorkload {
  /** `<subaccount GUID>/<namespace>/<service>:<port>`. */
  readonly key: string
  readonly subaccountId: SubaccountId
  readonly namespace: string
  readonly service: string
  readonly port: number
  readonly targetPort: number
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  readonly target: WorkloadTarget
  readonly policies: PolicyAttachment
}

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
