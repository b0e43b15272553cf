import type { GatewaySettings } from '../config.ts'
import { type Findings, noFindings } from './findings.ts'
import { lintPolicies } from './lint-policies.ts'
import type { PlannedWorkload } from './planned-route.ts'
import type { PlannedServer } from './planned-server.ts'
import { PolicyAttacher } from './policies.ts'
import type { Resources } from './resources.ts'
import type { Routed, RoutedServer } from './routed.ts'
import type { PlannedPolicy, PolicyAttachment } from './types.ts'
import type { WorkloadDraft } from './workloads.ts'

/** Servers and workloads of one subaccount with the policies that govern them. */
export interface Governed {
  readonly servers: readonly { readonly listenerPort: number; readonly server: PlannedServer }[]
  readonly workloads: readonly PlannedWorkload[]
  readonly policies: readonly PlannedPolicy[]
  /** Of policies that cannot be attached. */
  readonly faults: Findings
  /** Of policies that say something odd. */
  readonly oddities: Findings
  readonly attacher: PolicyAttacher
}

/** Attaches the policies of a subaccount to its servers and workloads. */
export function governRoutes(
  resources: Resources,
  routed: Routed,
  settings: GatewaySettings,
  before: Governed | null,
): Governed {
  const faults = noFindings()
  const oddities = noFindings()
  const attacher = new PolicyAttacher(resources, settings, faults, before?.attacher ?? null)
  lintPolicies({ resources, settings, findings: oddities })
  return {
    servers: routed.servers.map((server) => ({
      listenerPort: server.draft.listenerPort,
      server: governedServer(server, attacher.ofGateway(server.draft.server.gateway)),
    })),
    workloads: routed.workloads.map((draft) => governedWorkload(draft, attacher.ofWorkload(draft))),
    policies: attacher.planned(),
    faults,
    oddities,
    attacher,
  }
}

function governedServer(routed: RoutedServer, policies: PolicyAttachment): PlannedServer {
  servers ??= new WeakMap()
  const known = servers.get(routed)
  if (known?.policies === policies) return known
  const made = { ...routed.draft.server, policies, virtualHosts: routed.virtualHosts }
  servers.set(routed, made)
  return made
}

function governedWorkload(draft: WorkloadDraft, policies: PolicyAttachment): PlannedWorkload {
  workloads ??= new WeakMap()
  const known = workloads.get(draft)
  if (known?.policies === policies) return known
  const made = { ...draft.workload, policies }
  workloads.set(draft, made)
  return made
}

/** The same servers and workloads as long as neither routes nor policies of them change. */
let servers: WeakMap<RoutedServer, PlannedServer> | undefined
let workloads: WeakMap<WorkloadDraft, PlannedWorkload> | undefined
