import type { SubaccountId } from '@twinlatch/kit'
import type { WorkloadTarget } from '../compiled.ts'
import type { RedirectRule } from '../istio/virtual-service-action.ts'
import type { HeaderRules } from '../istio/virtual-service-headers.ts'
import type { HttpMatch } from '../istio/virtual-service-match.ts'
import type { PolicyAttachment } from './types.ts'

/** One host of a server with its routes (gateway.md section 5.3). */
export interface PlannedVirtualHost {
  /** Exact name, `*.suffix` or `*`. */
  readonly host: string
  /** In the order of gateway.md section 6.1. */
  readonly routes: readonly PlannedRoute[]
}

/** One way through a virtual host: one item of `match` of one rule. */
export interface PlannedRoute {
  readonly name: string
  /** `null` matches everything. */
  readonly match: HttpMatch | null
  readonly headers: HeaderRules | null
  readonly action: PlannedAction
}

/** What a route does (gateway.md section 6.2). */
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

/** One of the destinations of a forwarding route. */
export interface PlannedDestination {
  /** Key of a workload of the plan. */
  readonly workload: string
  readonly weight: number
  readonly headers: HeaderRules | null
}

/** What a destination leads to, with the labels that policies select by. */
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
