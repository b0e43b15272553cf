import type { SubaccountId } from '@twinlatch/kit'
import { lintPolicies } from './plan/lint-policies.ts'
import { lintRoutes } from './plan/lint-routes.ts'
import type { PlannedWorkload } from './plan/planned-route.ts'
import type { PlannedServer } from './plan/planned-server.ts'
import { PolicyAttacher } from './plan/policies.ts'
import { type Findings, type Resources, readResources } from './plan/resources.ts'
import { attach, planVirtualHost, virtualServicesByGateway } from './plan/routes.ts'
import { draftServers, type ServerDraft } from './plan/servers.ts'
import type { Plan, PlanInput, PlannedPolicy, PlanResult } from './plan/types.ts'
import { WorkloadFinder } from './plan/workloads.ts'

/**
 * What the documents of all subaccounts mean: every reference resolved, inside one subaccount only,
 * every fault and oddity found. Pure: the same documents give the same plan. With problems the plan
 * is still usable; what they touch refuses its callers (gateway.md section 17).
 */
export function plan(input: PlanInput): PlanResult {
  const findings: Findings = { problems: [], warnings: [] }
  const all = input.sets.map((set) => readResources(set, findings))
  const drafts = draftServers(all, input.settings, findings)
  const parts = all.map((resources) =>
    planSubaccount(
      resources,
      drafts.filter((draft) => draft.server.subaccountId === resources.subaccountId),
      { input, findings },
    ),
  )
  const planned: Plan = {
    settings: input.settings,
    ports: portsOf(
      parts.flatMap((part) => part.servers),
      input.settings,
    ),
    workloads: parts.flatMap((part) => part.workloads),
    policies: parts.flatMap((part) => part.policies),
  }
  return { plan: planned, ...findings }
}

interface SubaccountPlan {
  readonly subaccountId: SubaccountId
  readonly servers: readonly { readonly listenerPort: number; readonly server: PlannedServer }[]
  readonly workloads: readonly PlannedWorkload[]
  readonly policies: readonly PlannedPolicy[]
}

function planSubaccount(
  resources: Resources,
  drafts: readonly ServerDraft[],
  context: { readonly input: PlanInput; readonly findings: Findings },
): SubaccountPlan {
  const { findings } = context
  const { settings } = context.input
  const policies = new PolicyAttacher(resources, settings, findings)
  const finder = new WorkloadFinder(resources, settings)
  const byGateway = virtualServicesByGateway(resources.virtualServices)
  const attached = drafts.map((draft) => ({ draft, attachments: attach(draft, byGateway) }))
  const servers = attached.map(({ draft, attachments }) => ({
    listenerPort: draft.listenerPort,
    server: {
      ...draft.server,
      policies: policies.ofGateway(draft.server.gateway),
      virtualHosts: attachments.map((entry) => planVirtualHost(entry, draft, finder)),
    },
  }))
  lintRoutes({ resources, attached, finder, settings, findings })
  lintPolicies({ resources, settings, findings })
  return {
    subaccountId: resources.subaccountId,
    servers,
    workloads: finder.drafts.map((draft) => ({
      ...draft.workload,
      policies: policies.ofWorkload(draft),
    })),
    policies: policies.planned(),
  }
}

/** Every mapped port is open, hosts or not: a caller of an unknown host is told so in a record. */
function portsOf(
  servers: readonly { readonly listenerPort: number; readonly server: PlannedServer }[],
  settings: PlanInput['settings'],
): Plan['ports'] {
  const ports = new Map<number, PlannedServer[]>(
    Object.values(settings.portMap).map((listenerPort) => [listenerPort, []]),
  )
  for (const { listenerPort, server } of servers) {
    const list = ports.get(listenerPort)
    if (list === undefined) ports.set(listenerPort, [server])
    else list.push(server)
  }
  return [...ports].map(([listenerPort, list]) => ({ listenerPort, servers: list }))
}
