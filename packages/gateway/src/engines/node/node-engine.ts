import { messageOf, type SubaccountId } from '@twinlatch/kit'
import { formatName } from '@twinlatch/pki'
import {
  createUpstreamPool,
  openTlsListener,
  type TlsDomain,
  type TlsListener,
} from '@twinlatch/wire'
import type { CompiledGateway } from '../../compiled.ts'
import { gatewayPrincipal } from '../../config.ts'
import type { Engine, EngineOptions, EngineStatus, ServerStatus } from '../../engine.ts'
import { createWorkloadClient } from '../../workloads/workload-client.ts'
import { Identities } from './identities.ts'
import { createPortHandler } from './listener.ts'
import { createReport, type Report } from './report.ts'
import {
  closeAbandoned,
  nothingRunning,
  type RunningGateway,
  type RunningServer,
  serversOf,
  startRunning,
} from './running.ts'
import type { ServeOptions } from './serve-request.ts'
import { gatewayName } from './steps.ts'
import type { TrustDomain } from './trust-domain.ts'

/** An engine in this process, on `wire`. Nothing listens before `listen`. */
export function createNodeEngine(options: EngineOptions): Engine {
  return new NodeEngine(options)
}

interface PortState {
  listener: TlsListener | null
  error: string | null
  openConnections: number
}

class NodeEngine implements Engine {
  readonly #options: EngineOptions
  readonly #report: Report
  readonly #identities = new Identities()
  readonly #pool
  readonly #workloads
  /** Replaced domains stay known as long as a connection made in them lives. */
  readonly #domains = new WeakMap<TlsDomain, TrustDomain>()
  readonly #ports = new Map<number, PortState>()
  readonly #accepted = new Map<string, number>()
  readonly #closed = new Map<string, number>()
  /** Listeners of ports that a swap has removed, until their last request is answered. */
  readonly #leaving = new Set<Promise<void>>()
  #running: RunningGateway = nothingRunning
  #listening = false
  #openConnections = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#report = createReport(options)
    this.#pool = createUpstreamPool({ log: options.log })
    this.#workloads = createWorkloadClient(this.#pool)
  }

  get ports(): ReadonlyMap<number, number> {
    const bound = [...this.#ports].flatMap(([port, { listener }]): [number, number][] =>
      listener ? [[port, listener.port]] : [],
    )
    return new Map(bound)
  }

  swap(compiled: CompiledGateway): void {
    const previous = this.#running
    const next = startRunning(compiled, previous, this.#options.log)
    for (const { domain } of serversOf(next)) {
      if (domain) this.#domains.set(domain.tls, domain)
    }
    this.#running = next
    closeAbandoned(previous, next)
    const { generation } = next
    this.#options.log.info({ event: 'gateway.swapped', generation }, 'gateway configuration taken')
    if (this.#listening) this.#followPorts()
  }

  async listen(): Promise<void> {
    this.#listening = true
    await Promise.all([...this.#running.ports.keys()].map((port) => this.#open(port)))
  }

  async stop(graceMs: number): Promise<void> {
    this.#listening = false
    const listeners = [...this.#ports.values()].flatMap(({ listener }) => listener ?? [])
    await Promise.all([...this.#leaving, ...listeners.map((one) => one.stop({ graceMs }))])
    closeAbandoned(this.#running, nothingRunning)
    await this.#pool.stop()
  }

  status(): EngineStatus {
    const { generation, ports } = this.#running
    return {
      generation,
      servers: [...ports].flatMap(([port, { servers }]) =>
        [...servers.values()].map((server) => this.#serverStatus(port, server)),
      ),
      listeners: [...this.#ports].map(([port, { listener, error, openConnections }]) => ({
        port,
        boundPort: listener?.port ?? null,
        error,
        openConnections,
      })),
    }
  }

  #serverStatus(port: number, { server, domain, reason }: RunningServer): ServerStatus {
    const subaccountId: SubaccountId = server.subaccountId
    const accepted = this.#accepted.get(server.key) ?? 0
    return {
      key: server.key,
      subaccountId,
      gateway: gatewayName(server),
      port,
      ready: domain !== null,
      reason,
      mode: server.mode,
      hosts: server.hosts,
      bundle: domain?.bundleName ?? null,
      authorities: domain?.anchors.map(({ subject }) => formatName(subject)) ?? [],
      connectionsAccepted: accepted,
      connectionsOpen: accepted - (this.#closed.get(server.key) ?? 0),
    }
  }

  // A swap cannot wait for ports; one that cannot be had is in the status and in the log.
  #followPorts(): void {
    for (const port of this.#running.ports.keys()) {
      if (!this.#ports.get(port)?.listener) void this.#open(port).catch(() => {})
    }
    for (const [port, { listener }] of this.#ports) {
      if (this.#running.ports.has(port)) continue
      this.#ports.delete(port)
      if (listener) this.#leave(listener)
    }
  }

  #leave(listener: TlsListener): void {
    const left = listener.stop({ graceMs: removedPortGraceMs }).finally(() => {
      this.#leaving.delete(left)
    })
    this.#leaving.add(left)
  }

  async #open(port: number): Promise<void> {
    const state: PortState = { listener: null, error: null, openConnections: 0 }
    this.#ports.set(port, state)
    const { settings, log } = this.#options
    try {
      state.listener = await openTlsListener({
        hosts: [...(settings.hosts ?? loopback)],
        port,
        handler: this.#handlerOf(port, state),
        limits: { openConnectionsPerAddressMax: settings.openConnectionsPerAddressMax },
        log,
      })
      // Stopped, or swapped away, while the port was being opened.
      if (!this.#listening || this.#ports.get(port) !== state) this.#leave(state.listener)
    } catch (error) {
      state.error = messageOf(error)
      log.error({ event: 'gateway.port_failed', port, reason: state.error }, 'port not opened')
      throw error
    }
  }

  #handlerOf(port: number, state: PortState) {
    const { clock } = this.#options
    return createPortHandler({
      port,
      running: () => this.#running,
      domainOf: (tls) => this.#domains.get(tls),
      identities: this.#identities,
      serve: this.#serveOptions(port),
      report: this.#report,
      clock,
      random: Math.random,
      forMatching: this.#forMatching(port, state),
      onAccepted: (key) => increment(this.#accepted, key),
      onClosed: (key) => increment(this.#closed, key),
      onOpenConnections: (count) => this.#countOpen(state, count),
    })
  }

  #serveOptions(port: number): ServeOptions {
    const { settings, clock } = this.#options
    return {
      gatewayPodPort: podPort(manifestPort(settings.portMap, port) ?? port),
      gatewayPrincipal: gatewayPrincipal(settings),
      clusterDomain: settings.clusterDomain,
      workloads: this.#workloads,
      clock,
      serverHeader: settings.serverHeader,
      report: this.#report,
    }
  }

  #forMatching(port: number, state: PortState): (authority: string) => string {
    if (manifestPort(this.#options.settings.portMap, port) === null) return (authority) => authority
    return (authority) => {
      const suffix = `:${state.listener?.port ?? port}`
      return authority.endsWith(suffix) ? authority.slice(0, -suffix.length) : authority
    }
  }

  #countOpen(state: PortState, count: number): void {
    this.#openConnections += count - state.openConnections
    state.openConnections = count
    this.#options.metrics.connectionsOpen.set({ listener: 'gateway' }, this.#openConnections)
  }
}

const loopback = ['127.0.0.1', '::1']

/** Requests on a port that is gone from the configuration may finish for that long. */
const removedPortGraceMs = 10_000

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function manifestPort(portMap: Readonly<Record<string, number>>, port: number): number | null {
  const entry = Object.entries(portMap).find(([manifest, mapped]) => {
    return mapped === port && manifest !== `${port}`
  })
  return entry ? Number(entry[0]) : null
}

// The pods of the default ingress listen there (gateway.md section 11.4, `ports`).
function podPort(port: number): number {
  if (port === 443) return 8443
  return port === 80 ? 8080 : port
}
