import type { GatewaySettings } from '../config.ts'
import {
  isPrivateHost,
  parseUpstreamAddress,
  privateUpstreamFault,
  upstreamAnnotation,
} from '../upstream-address.ts'
import { type Findings, findingAt, noFindings } from './findings.ts'
import { isSameList } from './last-answer.ts'
import { lintRoutes } from './lint-routes.ts'
import type { PlannedVirtualHost } from './planned-route.ts'
import type { Resources } from './resources.ts'
import { attach, planVirtualHost, virtualServicesByGateway } from './routes.ts'
import type { ServerDraft } from './servers.ts'
import { type WorkloadDraft, WorkloadFinder } from './workloads.ts'

/** A server with where it leads, before its policies are known. */
export interface RoutedServer {
  readonly draft: ServerDraft
  readonly virtualHosts: readonly PlannedVirtualHost[]
}

/** Servers of one subaccount with their routes, and the workloads that these lead to. */
export interface Routed {
  readonly servers: readonly RoutedServer[]
  readonly workloads: readonly WorkloadDraft[]
  readonly findings: Findings
}

/** Attaches the VirtualServices of a subaccount to its servers, and warns of what is odd. */
export function planRoutes(
  resources: Resources,
  drafts: readonly ServerDraft[],
  settings: GatewaySettings,
): Routed {
  const findings = noFindings()
  if (!settings.upstreams.privateAddresses) refusePrivateUpstreams(resources, findings)
  const finder = new WorkloadFinder(resources, settings)
  const byGateway = virtualServicesByGateway(resources.virtualServices)
  const attached = drafts.map((draft) => ({ draft, attachments: attach(draft, byGateway) }))
  const servers = attached.map(({ draft, attachments }) =>
    routedServer(
      draft,
      attachments.map((entry) => planVirtualHost(entry, draft, finder)),
    ),
  )
  // Asks the finder too, so workloads are complete only after it.
  lintRoutes({ resources, attached, finder, settings, findings })
  return { servers, workloads: finder.drafts, findings }
}

/** Whether or not a route leads there yet: a manifest is refused as a whole, or taken as a whole. */
function refusePrivateUpstreams({ services }: Resources, findings: Findings): void {
  for (const service of services.values()) {
    const annotation = service.document.metadata.annotations?.[upstreamAnnotation]
    if (annotation === undefined) continue
    const { host } = parseUpstreamAddress(annotation)
    if (!isPrivateHost(host)) continue
    const path = ['metadata', 'annotations', upstreamAnnotation]
    findings.problems.push(findingAt(service, path, privateUpstreamFault(host)))
  }
}

function routedServer(
  draft: ServerDraft,
  virtualHosts: readonly PlannedVirtualHost[],
): RoutedServer {
  remembered ??= new WeakMap()
  const known = remembered.get(draft)
  if (known !== undefined && isSameList(known.virtualHosts, virtualHosts)) return known
  const made = { draft, virtualHosts }
  remembered.set(draft, made)
  return made
}

/** The same server as long as nothing of its routes changes. */
let remembered: WeakMap<ServerDraft, RoutedServer> | undefined
