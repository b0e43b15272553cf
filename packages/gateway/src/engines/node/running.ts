import { type Logger, messageOf } from '@twinlatch/kit'
import type { CompiledGateway, CompiledPort, CompiledServer } from '../../compiled.ts'
import type { ConnectionContext } from './connection.ts'
import type { ConnectionConstants } from './connection-constants.ts'
import { createTrustDomain, fingerprintsOf, type TrustDomain } from './trust-domain.ts'

/** A compiled value with its trust domains: what the engine swaps as a whole. */
export interface RunningGateway {
  readonly generation: number
  readonly ports: ReadonlyMap<number, RunningPort>
}

/** One listener port of it. */
export interface RunningPort {
  readonly compiled: CompiledPort
  readonly servers: ReadonlyMap<string, RunningServer>
  /** Made anew with every swap, so that nothing of an earlier configuration is remembered. */
  readonly constants: WeakMap<ConnectionContext, ConnectionConstants>
}

/** One server of it; without a domain its handshakes are refused. */
export interface RunningServer {
  readonly server: CompiledServer
  readonly domain: TrustDomain | null
  /** Why there is no domain, or why an update of it was not taken. */
  readonly reason: string | null
}

/** What runs before the first swap: nothing. */
export const nothingRunning: RunningGateway = { generation: 0, ports: new Map() }

/**
 * The running form of `compiled`. Domains whose fingerprint did not change are taken over from
 * `previous`, tickets and all. A certificate or key that cannot be used leaves the good material
 * in use, but only if nothing changed in whom the server trusts (gateway.md section 3).
 */
export function startRunning(
  compiled: CompiledGateway,
  previous: RunningGateway,
  log: Logger,
): RunningGateway {
  const before = new Map<string, TrustDomain>()
  for (const server of serversOf(previous)) {
    if (server.domain) before.set(server.server.key, server.domain)
  }
  const ports = [...compiled.ports].map(([port, one]): [number, RunningPort] => {
    const servers = one.servers.map((server): [string, RunningServer] => [
      server.key,
      startServer(server, before.get(server.key) ?? null, log),
    ])
    return [port, { compiled: one, servers: new Map(servers), constants: new WeakMap() }]
  })
  return { generation: compiled.generation, ports: new Map(ports) }
}

/** Every server of every port. */
export function serversOf(running: RunningGateway): RunningServer[] {
  return [...running.ports.values()].flatMap(({ servers }) => [...servers.values()])
}

/** Closes the domains of `previous` that `next` does not use; their open connections live on. */
export function closeAbandoned(previous: RunningGateway, next: RunningGateway): void {
  const kept = new Set(serversOf(next).map(({ domain }) => domain))
  for (const { domain } of serversOf(previous)) {
    if (domain && !kept.has(domain)) domain.tls.close()
  }
}

function startServer(
  server: CompiledServer,
  before: TrustDomain | null,
  log: Logger,
): RunningServer {
  const { material } = server
  if (!material.ready) {
    log.warn(
      { event: 'gateway.server_not_ready', server: server.key, reason: material.reason },
      'gateway server is not ready',
    )
    return { server, domain: null, reason: material.reason }
  }
  const { fingerprint, trustFingerprint } = fingerprintsOf(server, material.tls)
  if (before?.fingerprint === fingerprint) return { server, domain: before, reason: null }
  try {
    return { server, domain: createTrustDomain(server, material.tls), reason: null }
  } catch (error) {
    const kept = before?.trustFingerprint === trustFingerprint ? before : null
    const reason = `${messageOf(error)}${kept ? '; the last good certificate stays in use' : ''}`
    log.warn(
      { event: 'gateway.material_refused', server: server.key, reason },
      'TLS material refused',
    )
    return { server, domain: kept, reason }
  }
}
