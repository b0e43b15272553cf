import type { SubaccountId } from '@twinlatch/kit'
import type { GatewaySettings } from './config.ts'
import type { StoredDocument } from './document.ts'
import { type Findings, noFindings, placed } from './plan/findings.ts'
import { type Governed, governRoutes } from './plan/governed.ts'
import { LastAnswer, sameList } from './plan/last-answer.ts'
import type { PlannedServer } from './plan/planned-server.ts'
import { type Resource, ResourceReader, type Resources } from './plan/resources.ts'
import { planRoutes, type Routed } from './plan/routed.ts'
import { draftServers, type ServerDraft } from './plan/servers.ts'
import type { Plan, PlanInput, PlanResult } from './plan/types.ts'

/**
 * What the documents of all subaccounts mean: every reference resolved, inside one subaccount only,
 * every fault and oddity found. Pure: the same documents give the same plan. With problems the plan
 * is still usable; what they touch refuses its callers (gateway.md section 17).
 */
export function plan(input: PlanInput): PlanResult {
  return createPlanner().plan(input)
}

/**
 * `plan` for documents that change little by little: it remembers the last documents and works out
 * again only what depends on those that changed. Its answers are those of `plan`; what did not
 * change in them is the same object, by which `compile` knows it again. A document counts as the
 * same if its `body` is the same object.
 */
export interface Planner {
  plan(input: PlanInput): PlanResult
}

/** A planner that remembers nothing yet. */
export function createPlanner(): Planner {
  return new RememberingPlanner()
}

class RememberingPlanner implements Planner {
  #subaccounts: ReadonlyMap<SubaccountId, SubaccountPlanner> = new Map()
  readonly #drafted = new LastAnswer<{ drafts: readonly ServerDraft[]; findings: Findings }>()

  plan({ sets, settings }: PlanInput): PlanResult {
    const origins = new Map<Resource<unknown>, StoredDocument>()
    const read = noFindings()
    const planners = sets.map((set): [SubaccountPlanner, Resources] => {
      const planner = this.#subaccounts.get(set.subaccountId) ?? new SubaccountPlanner()
      return [planner, planner.reader.read(set, read, origins)]
    })
    const all = planners.map(([, resources]) => resources)
    // Of subaccounts that are gone nothing is kept.
    this.#subaccounts = new Map(planners.map(([planner, of]) => [of.subaccountId, planner]))
    const { drafts, findings: drafted } = this.#drafted.of([settings, ...draftedFrom(all)], () => {
      const findings = noFindings()
      return { drafts: draftServers(all, settings, findings), findings }
    })
    const ofSubaccount = Map.groupBy(drafts, ({ server }) => server.subaccountId)
    const parts = planners.map(([planner, resources]) =>
      planner.plan(resources, ofSubaccount.get(resources.subaccountId) ?? [], settings),
    )
    const findings = [read, drafted, ...parts.flatMap((part) => part.findings)]
    return {
      plan: planOf(
        parts.map(({ governed }) => governed),
        settings,
      ),
      problems: findings.flatMap(({ problems }) => placed(problems, origins)),
      warnings: findings.flatMap(({ warnings }) => placed(warnings, origins)),
    }
  }
}

/** Everything that servers are drafted from. */
function draftedFrom(all: readonly Resources[]): unknown[] {
  return all.flatMap(({ subaccountId, gateways, unreadableGateways, secrets, configMaps }) => [
    subaccountId,
    gateways,
    unreadableGateways,
    secrets,
    configMaps,
  ])
}

/** What is remembered of one subaccount. */
class SubaccountPlanner {
  readonly reader = new ResourceReader()
  readonly #routed = new LastAnswer<Routed>()
  readonly #governed = new LastAnswer<Governed>()
  #drafts: readonly ServerDraft[] | undefined
  #before: Governed | null = null

  plan(
    resources: Resources,
    drafts: readonly ServerDraft[],
    settings: GatewaySettings,
  ): { readonly governed: Governed; readonly findings: readonly Findings[] } {
    this.#drafts = sameList(this.#drafts, drafts)
    const own = this.#drafts
    const { gateways, virtualServices, services, deployments } = resources
    const targets = [settings, gateways, services, deployments]
    const routed = this.#routed.of([...targets, own, virtualServices], () =>
      planRoutes(resources, own, settings),
    )
    const { policies, unreadablePolicies } = resources
    const governed = this.#governed.of([...targets, routed, policies, unreadablePolicies], () =>
      governRoutes(resources, routed, settings, this.#before),
    )
    this.#before = governed
    return { governed, findings: [governed.faults, routed.findings, governed.oddities] }
  }
}

function planOf(parts: readonly Governed[], settings: GatewaySettings): Plan {
  return {
    settings,
    ports: portsOf(
      parts.flatMap((part) => part.servers),
      settings,
    ),
    workloads: parts.flatMap((part) => part.workloads),
    policies: parts.flatMap((part) => part.policies),
  }
}

/** Every mapped port is open, hosts or not: a caller of an unknown host is told so in a record. */
function portsOf(
  servers: readonly { readonly listenerPort: number; readonly server: PlannedServer }[],
  settings: GatewaySettings,
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
