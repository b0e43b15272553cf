import type { PeerIdentity } from '@twinlatch/trust'
import { HostTable } from './compile/host-table.ts'
import { compilePolicySet } from './compile/policy-set.ts'
import { virtualHostOf } from './compile/virtual-host.ts'
import type {
  CompiledGateway,
  CompiledPort,
  CompiledServer,
  CompiledVirtualHost,
  CompiledWorkload,
  HostChoice,
  PolicySet,
  ServerMaterial,
  XfccSettings,
} from './compiled.ts'
import { type GatewaySettings, gatewayPrincipal } from './config.ts'
import type { LocalIdentity } from './header-operators.ts'
import { hostWithoutPort } from './istio/host-name.ts'
import type { PlannedWorkload } from './plan/planned-route.ts'
import type { PlannedMaterial, PlannedServer } from './plan/planned-server.ts'
import type { Plan, PlannedPolicy, PlannedPort } from './plan/types.ts'

interface Context {
  readonly settings: GatewaySettings
  readonly policies: ReadonlyMap<string, PlannedPolicy>
  readonly workloads: ReadonlyMap<string, CompiledWorkload>
  readonly names: WeakMap<PeerIdentity, { readonly subject: string; readonly issuer: string }>
}

/**
 * The plan with every look-up made ready, for an engine to swap in as a whole. Pure; throws only
 * for a plan that `plan` would not have made. `generation` tells this value from the ones before.
 */
export function compile(plan: Plan, generation = 0): CompiledGateway {
  const policies = new Map(plan.policies.map((policy) => [policy.id, policy]))
  const names: Context['names'] = new WeakMap()
  const workloads = new Map(
    plan.workloads.map((workload): [string, CompiledWorkload] => [
      workload.key,
      compileWorkload(
        workload,
        compilePolicySet(workload.policies, policies, { point: 'workload', names }),
      ),
    ]),
  )
  const context = { settings: plan.settings, policies, workloads, names }
  return {
    generation,
    ports: new Map(plan.ports.map((port) => [port.listenerPort, compilePort(port, context)])),
  }
}

function compileWorkload(workload: PlannedWorkload, policies: PolicySet): CompiledWorkload {
  compiledWorkloads ??= new WeakMap()
  const known = compiledWorkloads.get(workload)
  if (known?.policies === policies) return known
  const compiled = { ...workload, policies }
  compiledWorkloads.set(workload, compiled)
  return compiled
}

/** The same object while nothing of it changed, by which its routes are known again. */
let compiledWorkloads: WeakMap<PlannedWorkload, CompiledWorkload> | undefined

function compilePort(port: PlannedPort, context: Context): CompiledPort {
  const compiled = port.servers.map((server) => ({
    server: compileServer(server, context),
    hosts: compileHosts(server, context),
    tls: tlsKey(server),
  }))
  const owners = new HostTable(
    compiled.flatMap((entry) => entry.server.hosts.map((host) => [host, entry] as const)),
  )
  // By key: a connection may hold the server of an earlier generation.
  const byKey = new Map(compiled.map((entry) => [entry.server.key, entry]))
  return {
    servers: compiled.map(({ server }) => server),
    chooseServer: (serverName) => owners.find(serverName?.toLowerCase() ?? null)?.server ?? null,
    chooseVirtualHost(server, authority): HostChoice {
      const host = hostWithoutPort(authority)
      // No virtual host answers for a name with a trailing dot, and nobody owns it.
      const owner = host === '' || host.endsWith('.') ? null : owners.find(host)
      if (owner === null) return { kind: 'no-host' }
      const own = byKey.get(server.key)
      if (owner !== own) {
        // Only among servers that would have asked for, and checked, the very same certificate.
        const equal = own !== undefined && own.tls !== null && own.tls === owner.tls
        if (!equal || !context.settings.istioCompat) return { kind: 'misdirected' }
      }
      const virtualHost = own?.hosts.find(host) ?? null
      return virtualHost === null ? { kind: 'no-host' } : { kind: 'virtual-host', virtualHost }
    },
  }
}

function compileServer(server: PlannedServer, context: Context): CompiledServer {
  const { policies, names, settings } = context
  const gatewayPolicies = compilePolicySet(server.policies, policies, { point: 'gateway', names })
  compiledServers ??= new WeakMap()
  const known = compiledServers.get(server)
  if (known?.settings === settings && known.compiled.gatewayPolicies === gatewayPolicies) {
    return known.compiled
  }
  const compiled = {
    key: server.key,
    subaccountId: server.subaccountId,
    gateway: server.gateway,
    hosts: server.hosts,
    mode: server.mode,
    certificateRequired: server.certificateRequired,
    material: compileMaterial(server.material),
    pins: {
      certificateHashes: new Set(server.pins.certificateHashes),
      spkiHashes: new Set(server.pins.spkiHashes),
      subjectAltNames: server.pins.subjectAltNames,
    },
    xfcc: xfccSettings(settings),
    gatewayPolicies,
  }
  compiledServers.set(server, { settings, compiled })
  return compiled
}

/** The same object while nothing of it changed, by which an engine keeps its TLS server. */
let compiledServers:
  | WeakMap<
      PlannedServer,
      { readonly settings: GatewaySettings; readonly compiled: CompiledServer }
    >
  | undefined

function compileHosts(server: PlannedServer, context: Context): HostTable<CompiledVirtualHost> {
  const { hostname } = context.settings
  const local = server.material.ready
    ? localIdentity(server.material.local, hostname)
    : { subject: null, uriSans: [], dnsSans: [], hostname }
  const { workloads } = context
  return new HostTable(
    server.virtualHosts.map(
      (entry) => [entry.host, virtualHostOf(entry, { server, local, workloads })] as const,
    ),
  )
}

/** The same object as long as nothing changes, by which prepared routes are known again. */
function localIdentity(
  local: Extract<PlannedMaterial, { ready: true }>['local'],
  hostname: string,
): LocalIdentity {
  identities ??= new WeakMap()
  const known = identities.get(local)
  if (known?.hostname === hostname) return known
  const identity = { ...local, hostname }
  identities.set(local, identity)
  return identity
}

let identities: WeakMap<object, LocalIdentity> | undefined

function compileMaterial(material: PlannedMaterial): ServerMaterial {
  if (!material.ready) return material
  const { tls, bundleName, local } = material
  return { ready: true, tls, bundleName, ownUriSans: local.uriSans }
}

function xfccSettings(settings: GatewaySettings): XfccSettings {
  const { xfcc, meshHop, trustDomain } = settings
  return {
    mode: xfcc.mode,
    details: new Set(xfcc.details),
    meshHop: meshHop.enabled
      ? {
          gatewaySpiffe: `spiffe://${gatewayPrincipal(settings)}`,
          gatewayCertificateSha256: meshHop.gatewayCertificateSha256,
          workloadSpiffe: ({ namespace, serviceAccount }) =>
            `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
        }
      : null,
  }
}

/**
 * Equal for two servers exactly when they ask the same of a client (gateway.md section 5.3); server
 * certificates may differ. `null` for a server without material, which equals nothing.
 */
function tlsKey(server: PlannedServer): string | null {
  if (!server.material.ready) return null
  const { tls } = server.material
  tlsKeys ??= new WeakMap()
  const known = tlsKeys.get(server)
  if (known !== undefined) return known
  const key = JSON.stringify([
    server.mode,
    server.certificateRequired,
    tls.clientAuthoritiesPem.toSorted(),
    tls.crlPem,
    tls.minVersion,
    tls.maxVersion,
    tls.cipherSuites,
    server.pins.certificateHashes.toSorted(),
    server.pins.spkiHashes.toSorted(),
    server.pins.subjectAltNames.toSorted(),
  ])
  tlsKeys.set(server, key)
  return key
}

let tlsKeys: WeakMap<PlannedServer, string> | undefined
