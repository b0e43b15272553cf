import type { SubaccountId } from '@twinlatch/kit'
import type { GatewaySettings } from '../config.ts'
import type { GatewayDocument, GatewayServer } from '../istio/gateway.ts'
import { covers } from '../istio/host-name.ts'
import { ClaimedHosts } from './claimed-hosts.ts'
import { type Findings, findingAt } from './findings.ts'
import { readMaterial } from './material.ts'
import type { PlannedMaterial, PlannedServer } from './planned-server.ts'
import { byAge, type Resource, type Resources } from './resources.ts'

/** A server of a selected Gateway before its routes and policies are known. */
export interface ServerDraft {
  readonly server: Omit<PlannedServer, 'policies' | 'virtualHosts'>
  readonly listenerPort: number
  /** Hosts with the namespaces of VirtualServices they take (`*`, `.` resolved to the own one). */
  readonly hosts: readonly { readonly namespace: string; readonly host: string }[]
  readonly gateway: Resource<GatewayDocument>
  /** Position in `spec.servers`. */
  readonly position: number
}

interface Claim {
  readonly host: string
  readonly listenerPort: number
  readonly subaccountId: SubaccountId
  readonly gateway: Resource<GatewayDocument>
  readonly position: number
}

/**
 * The servers of all Gateways that select us, older ones first. A host that is taken, on its port or
 * by another subaccount, is refused for the later Gateway (gateway.md section 5.1).
 */
export function draftServers(
  all: readonly Resources[],
  settings: GatewaySettings,
  findings: Findings,
): ServerDraft[] {
  const claims = new ClaimedHosts<Claim>()
  const drafts: ServerDraft[] = []
  const ordered = all
    .flatMap((resources) =>
      [...resources.gateways, ...resources.unreadableGateways].map((gateway) => ({
        resources,
        gateway,
      })),
    )
    .toSorted((a, b) => byAge(a.gateway, b.gateway))
  for (const { resources, gateway } of ordered) {
    if (!isSelected(gateway, settings, findings)) continue
    const closed = closedReason(resources, gateway)
    gateway.document.spec.servers.forEach((server, position) => {
      const { subaccountId } = resources
      for (const listenerPort of listenerPortsOf(server, closed, settings)) {
        const own = server.hosts.map(({ host }) => ({
          host,
          listenerPort,
          subaccountId,
          gateway,
          position,
        }))
        const context = { resources, gateway, position, listenerPort, settings, findings }
        const free = claimHosts(own, claims, context)
        const reason =
          closed ?? 'another host of the server is taken or not allowed, so none of them is served'
        if (free.length === own.length && closed === null) drafts.push(draft(server, context))
        else if (free.length > 0) drafts.push(closedDraft(server, { ...context, free, reason }))
      }
      if (closed === null && settings.portMap[String(server.port.number)] === undefined) {
        findings.problems.push(
          findingAt(
            gateway,
            ['spec', 'servers', position, 'port', 'number'],
            `port ${server.port.number} has no listener here: add it to the port map of the gateway ` +
              `(mapped are ${Object.keys(settings.portMap).join(', ')})`,
          ),
        )
      }
    })
  }
  return drafts
}

function isSelected(
  gateway: Resource<GatewayDocument>,
  settings: GatewaySettings,
  findings: Findings,
): boolean {
  const selector = Object.entries(gateway.document.spec.selector ?? {})
  if (selector.every(([name, value]) => settings.labels[name] === value)) return true
  const labels = Object.entries(settings.labels).map(([name, value]) => `${name}=${value}`)
  findings.warnings.push(
    findingAt(
      gateway,
      'spec.selector',
      `Gateway ${gateway.id} selects another gateway and is left out; ours has ${labels.join(', ')}`,
    ),
  )
  return false
}

/**
 * Claims the hosts that are free and answers them. A server is served with all of its hosts or with
 * none, since half a server would be a surprise; those it might have had are nobody else's: a
 * broader server may be a weaker one (gateway.md section 5.2).
 */
function claimHosts(
  own: readonly Claim[],
  claims: ClaimedHosts<Claim>,
  { settings, findings }: DraftContext,
): readonly Claim[] {
  const free = own.filter((claim, index) => {
    const refusal = describeForbidden(claim, settings)
    if (refusal !== null) {
      const path = ['spec', 'servers', claim.position, 'hosts', index]
      findings.problems.push(findingAt(claim.gateway, path, refusal))
      return false
    }
    const twice = own.slice(0, index).find((other) => other.host === claim.host)
    const taken = claims.conflictWith(claim) ?? twice
    if (taken === undefined) return true
    const path = ['spec', 'servers', claim.position, 'hosts', index]
    findings.problems.push(findingAt(claim.gateway, path, describeConflict(claim, taken)))
    return false
  })
  for (const claim of free) claims.add(claim)
  return free
}

/** Why the installation does not let the subaccount have this host, or `null`. */
function describeForbidden(
  { host, subaccountId }: Claim,
  { hostClaims }: GatewaySettings,
): string | null {
  const allowed = hostClaims.subaccounts[subaccountId] ?? hostClaims.default
  if (allowed.some((pattern) => covers(pattern, host))) return null
  const what = allowed.length === 0 ? 'none' : allowed.join(', ')
  return `host "${host}" is not one that this subaccount may claim (gateway.hostClaims allows ${what})`
}

function describeConflict(claim: Claim, taken: Claim): string {
  // Names of another tenant's documents are not for this one's eyes.
  if (claim.subaccountId !== taken.subaccountId) {
    return `host "${claim.host}" is claimed by a Gateway of another subaccount`
  }
  return (
    `host "${claim.host}" of Gateway ${claim.gateway.id} is taken on this port by ` +
    `Gateway ${taken.gateway.id} servers[${taken.position}]`
  )
}

interface DraftContext {
  readonly resources: Resources
  readonly gateway: Resource<GatewayDocument>
  readonly position: number
  readonly listenerPort: number
  readonly settings: GatewaySettings
  readonly findings: Findings
}

function draft(server: GatewayServer, context: DraftContext): ServerDraft {
  const { resources, gateway, position, settings, findings } = context
  const tls = tlsOf(server)
  const { material, problem, warnings } = readMaterial(tls, resources, settings.ingressNamespace)
  const path = ['spec', 'servers', position, 'tls']
  if (problem !== null) {
    findings.problems.push(findingAt(gateway, path, `Gateway ${gateway.id}: ${problem}`))
  }
  for (const warning of warnings) {
    findings.warnings.push(findingAt(gateway, path, `Gateway ${gateway.id}: ${warning}`))
  }
  remembered ??= new WeakMap()
  const known = remembered.get(server)
  if (
    known?.server.material === material &&
    known.gateway === gateway &&
    known.listenerPort === context.listenerPort
  ) {
    return known
  }
  const made = draftWith(server, context, material)
  remembered.set(server, made)
  return made
}

/** The same draft while nothing of it changed, by which its routes are known again. */
let remembered: WeakMap<GatewayServer, ServerDraft> | undefined

/** A server whose handshakes are refused, on the hosts that would have been its own. */
function closedDraft(
  server: GatewayServer,
  context: DraftContext & { readonly free: readonly Claim[]; readonly reason: string },
): ServerDraft {
  const names = new Set(context.free.map(({ host }) => host))
  const hosts = server.hosts.filter(({ host }) => names.has(host))
  return draftWith({ ...server, hosts }, context, { ready: false, reason: context.reason })
}

/** One that is closed and whose port is not known is closed on all of them. */
function listenerPortsOf(
  server: GatewayServer,
  closed: string | null,
  { portMap }: GatewaySettings,
): readonly number[] {
  const mapped = portMap[String(server.port.number)]
  if (mapped !== undefined) return [mapped]
  return closed === null ? [] : Object.values(portMap)
}

/** Why no server of this Gateway is served, or `null`. */
function closedReason(resources: Resources, gateway: Resource<GatewayDocument>): string | null {
  const { unreadableGateways } = resources
  const own = unreadableGateways.find((unreadable) => unreadable === gateway)
  return (own ?? unreadableGateways.find(({ hasUnknownHosts }) => hasUnknownHosts))?.reason ?? null
}

function draftWith(
  server: GatewayServer,
  { resources, gateway, position, listenerPort }: DraftContext,
  material: PlannedMaterial,
): ServerDraft {
  const tls = tlsOf(server)
  const pins = {
    certificateHashes: tls.verifyCertificateHash ?? [],
    spkiHashes: tls.verifyCertificateSpki ?? [],
    subjectAltNames: tls.subjectAltNames ?? [],
  }
  const pinned = Object.values(pins).some((list) => list.length > 0)
  const mode = tls.mode as PlannedServer['mode']
  return {
    server: {
      key: `${resources.subaccountId}/${gateway.id}/${server.port.name}`,
      subaccountId: resources.subaccountId,
      gateway: { namespace: gateway.namespace, name: gateway.name },
      port: server.port.number,
      hosts: server.hosts.map(({ host }) => host),
      mode,
      certificateRequired: mode === 'MUTUAL' || (mode === 'OPTIONAL_MUTUAL' && pinned),
      pins,
      material,
    },
    listenerPort,
    hosts: server.hosts.map(({ namespace, host }) => ({
      namespace: namespace === '.' ? gateway.namespace : namespace,
      host,
    })),
    gateway,
    position,
  }
}

function tlsOf({ tls }: GatewayServer): NonNullable<GatewayServer['tls']> {
  if (tls === undefined) throw new TypeError('a server without tls passed its schema')
  return tls
}
