import type { GatewaySettings } from '../config.ts'
import { covers } from '../istio/host-name.ts'
import { type Findings, findingAt } from './findings.ts'
import type { Resources } from './resources.ts'
import { type Attachment, gatewayId, type VirtualService } from './routes.ts'
import type { ServerDraft } from './servers.ts'
import type { WorkloadFinder } from './workloads.ts'

/** What the lints of Gateways and VirtualServices look at: one subaccount. */
export interface RouteLint {
  readonly resources: Resources
  readonly attached: readonly {
    readonly draft: ServerDraft
    readonly attachments: readonly Attachment[]
  }[]
  readonly finder: WorkloadFinder
  readonly settings: GatewaySettings
  readonly findings: Findings
}

/** Warns of what is legal and probably not meant (gateway.md sections 2.3, 5.3, 6.1 and 6.2). */
export function lintRoutes(lint: RouteLint): void {
  lintWeakerServers(lint)
  lintOptionalPins(lint)
  const known = indexOf(lint)
  for (const virtualService of lint.resources.virtualServices) {
    lintReach(lint, virtualService, known)
    lintExposure(lint, virtualService, known)
    lintRules(lint, virtualService)
  }
  lintSharedHosts(lint)
}

type Attached = RouteLint['attached'][number]

/** Look-ups for the lints of each VirtualService, so that their cost does not multiply. */
interface Known {
  readonly gatewayIds: ReadonlySet<string>
  readonly byGateway: ReadonlyMap<string, readonly Attached[]>
  readonly byVirtualService: ReadonlyMap<VirtualService, ReadonlySet<Attached>>
}

function indexOf({ resources, attached }: RouteLint): Known {
  const byGateway = new Map<string, Attached[]>()
  const byVirtualService = new Map<VirtualService, Set<Attached>>()
  for (const server of attached) {
    const { id } = server.draft.gateway
    byGateway.set(id, [...(byGateway.get(id) ?? []), server])
    for (const virtualService of server.attachments.flatMap((entry) => entry.virtualServices)) {
      const servers = byVirtualService.get(virtualService)
      if (servers === undefined) byVirtualService.set(virtualService, new Set([server]))
      else servers.add(server)
    }
  }
  const gatewayIds = new Set(resources.gateways.map(({ id }) => id))
  return { gatewayIds, byGateway, byVirtualService }
}

/** A path to the workload that needs no certificate, beside one that does. */
function lintExposure({ findings }: RouteLint, virtualService: VirtualService, known: Known): void {
  const servers = [...(known.byVirtualService.get(virtualService) ?? [])]
  const strict = servers.find(({ draft }) => draft.server.certificateRequired)
  const open = servers.find(({ draft }) => !draft.server.certificateRequired)
  if (strict === undefined || open === undefined) return
  findings.warnings.push(
    findingAt(
      virtualService,
      'spec.gateways',
      `VirtualService ${virtualService.id} is bound to Gateway ${strict.draft.gateway.id} (${strict.draft.server.mode}) ` +
        `and to Gateway ${open.draft.gateway.id} (${open.draft.server.mode}): ` +
        'the workload can be reached without a client certificate',
    ),
  )
}

/** If the strict server is deleted or broken, the weaker one answers the same names (section 5.2). */
function lintWeakerServers({ attached, findings }: RouteLint): void {
  for (const { draft: weak } of attached) {
    if (weak.server.certificateRequired) continue
    for (const { draft: strict } of attached) {
      if (!strict.server.certificateRequired || strict.listenerPort !== weak.listenerPort) continue
      const covered = strict.server.hosts.find((host) =>
        weak.server.hosts.some((pattern) => pattern !== host && covers(pattern, host)),
      )
      if (covered === undefined) continue
      findings.warnings.push(
        findingAt(
          weak.gateway,
          ['spec', 'servers', weak.position, 'hosts'],
          `Gateway ${weak.gateway.id} (${weak.server.mode}) also covers "${covered}" of Gateway ` +
            `${strict.gateway.id} (${strict.server.mode}): without that Gateway the same name ` +
            'would be answered without a client certificate',
        ),
      )
    }
  }
}

function lintOptionalPins({ attached, findings }: RouteLint): void {
  for (const { draft } of attached) {
    if (draft.server.mode !== 'OPTIONAL_MUTUAL' || !draft.server.certificateRequired) continue
    findings.warnings.push(
      findingAt(
        draft.gateway,
        ['spec', 'servers', draft.position, 'tls', 'mode'],
        'a pin or subjectAltNames makes the certificate of OPTIONAL_MUTUAL required: say MUTUAL',
      ),
    )
  }
}

function lintReach(lint: RouteLint, virtualService: VirtualService, known: Known): void {
  const { findings } = lint
  const { gateways = [], hosts, exportTo } = virtualService.document.spec
  const warn = (path: (string | number)[], message: string) =>
    findings.warnings.push(findingAt(virtualService, path, message))
  if (gateways.every((name) => name === 'mesh')) {
    warn(['spec', 'gateways'], 'bound to no Gateway: it has no effect here')
    return
  }
  gateways.forEach((name, index) => {
    const id = gatewayId(name, virtualService.namespace)
    if (name !== 'mesh' && !known.gatewayIds.has(id)) {
      warn(['spec', 'gateways', index], `Gateway ${id} does not exist`)
    }
  })
  const ids = new Set(gateways.map((name) => gatewayId(name, virtualService.namespace)))
  const servers = [...ids].flatMap((id) => known.byGateway.get(id) ?? [])
  const patterns = servers.flatMap(({ draft }) => draft.server.hosts)
  hosts.forEach((host, index) => {
    const covering = patterns.filter((pattern) => covers(pattern, host) || covers(host, pattern))
    if (servers.length > 0 && covering.length === 0) {
      warn(
        ['spec', 'hosts', index],
        `"${host}" is outside the hosts of its Gateways (${patterns.join(', ')}): never reached`,
      )
    }
    const deep = covering.every((pattern) => isDeeper(pattern, host))
    if (covering.length > 0 && deep && !host.startsWith('*')) {
      warn(
        ['spec', 'hosts', index],
        `"${host}" is more than one label below "${covering[0]}": SNI matches, ` +
          'a wildcard certificate covers one label only (RFC 6125 section 6.4.3)',
      )
    }
  })
  const { ingressNamespace } = lint.settings
  const visible = exportTo?.some((name) => name === '*' || name === ingressNamespace) ?? true
  if (!visible && virtualService.namespace !== ingressNamespace) {
    warn(
      ['spec', 'exportTo'],
      `in Istio a gateway sees what is exported to its own namespace, ${ingressNamespace}`,
    )
  }
}

function isDeeper(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') && host.split('.').length > pattern.split('.').length
}

function lintRules({ finder, findings }: RouteLint, virtualService: VirtualService): void {
  const { namespace } = virtualService
  virtualService.document.spec.http.forEach((rule, ruleIndex) => {
    const at = (...path: (string | number)[]) => ['spec', 'http', ruleIndex, ...path]
    rule.route?.forEach((entry, index) => {
      const { host, port } = entry.destination
      const path = at('route', index, 'destination')
      const { target } = finder.find(host, port?.number, namespace).workload
      if (target.kind === 'none') {
        const message = `${target.reason}: requests are answered 503`
        findings.warnings.push(findingAt(virtualService, path, message))
      }
      if (!host.includes('.')) {
        findings.warnings.push(
          findingAt(
            virtualService,
            [...path, 'host'],
            `short name "${host}" means ${host}.${namespace}.svc.cluster.local`,
          ),
        )
      }
      const twice = entry.headers === undefined ? undefined : changedTwice(rule, entry)
      if (twice !== undefined) {
        findings.warnings.push(
          findingAt(
            virtualService,
            at('route', index, 'headers'),
            `"${twice}" is changed by the rule and by the destination`,
          ),
        )
      }
    })
    const rewritten = rule.rewrite?.uri
    const uneven = rule.match?.find(
      ({ uri }) =>
        uri?.prefix !== undefined && uri.prefix.endsWith('/') !== rewritten?.endsWith('/'),
    )
    if (rewritten !== undefined && uneven !== undefined) {
      findings.warnings.push(
        findingAt(
          virtualService,
          at('rewrite', 'uri'),
          `only the text "${uneven.uri?.prefix}" is replaced by "${rewritten}": ` +
            'end both with "/" or neither, or slashes double or vanish',
        ),
      )
    }
  })
}

type Rule = VirtualService['document']['spec']['http'][number]

function changedTwice(rule: Rule, entry: NonNullable<Rule['route']>[number]): string | undefined {
  const theirs = headerNames(entry.headers)
  return headerNames(rule.headers).find((name) => theirs.includes(name))
}

function headerNames(headers: VirtualService['document']['spec']['http'][number]['headers']) {
  const { set, add } = headers?.request ?? {}
  return [...Object.keys(set ?? {}), ...Object.keys(add ?? {})].map((name) => name.toLowerCase())
}

function lintSharedHosts({ attached, findings }: RouteLint): void {
  const told = new Set<string>()
  for (const { draft, attachments } of attached) {
    for (const { host, virtualServices } of attachments) {
      const [first, ...others] = virtualServices
      for (const other of others) {
        const key = `${host} ${first?.id} ${other.id}`
        if (told.has(key)) continue
        told.add(key)
        findings.warnings.push(
          findingAt(
            other,
            'spec.hosts',
            `"${host}" of Gateway ${draft.gateway.id} is answered by ${first?.id} first, which is ` +
              `older; the rules of ${other.id} come after its rules`,
          ),
        )
      }
    }
  }
}
