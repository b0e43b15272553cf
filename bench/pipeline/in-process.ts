import { createLogger, createMetrics, systemClock } from '@twinlatch/kit'
import type {
  AcceptedConnection,
  Exchange,
  ListenerHandler,
  TlsDomain,
  UpstreamPool,
} from '@twinlatch/wire'
import { createExplanationFeed } from '../../packages/control/src/explanation-feed.ts'
import type { CompiledGateway } from '../../packages/gateway/src/compiled.ts'
import type { GatewaySettings } from '../../packages/gateway/src/config.ts'
import type { ConnectionContext } from '../../packages/gateway/src/engines/node/connection.ts'
import { Identities } from '../../packages/gateway/src/engines/node/identities.ts'
import { createPortHandler } from '../../packages/gateway/src/engines/node/listener.ts'
import { createReport } from '../../packages/gateway/src/engines/node/report.ts'
import { nothingRunning, startRunning } from '../../packages/gateway/src/engines/node/running.ts'
import type { TrustDomain } from '../../packages/gateway/src/engines/node/trust-domain.ts'
import { createWorkloadClient } from '../../packages/gateway/src/workloads/workload-client.ts'

/** What one connection of the benchmark is. */
export type Connection = AcceptedConnection<ConnectionContext>

/** A listener's decisions, without a listener. */
export interface InProcess {
  /** Accepts a peer as if its handshake had succeeded. */
  connect(peerCertificates: readonly Uint8Array[], clientPort: number): Connection
  handle(exchange: Exchange<ConnectionContext>): Promise<void>
}

/**
 * The handler of one port as the server runs it, metrics and records included, access lines off.
 * `pool` stands for all workloads.
 */
export function handlerInProcess(
  compiled: CompiledGateway,
  options: {
    readonly port: number
    readonly settings: GatewaySettings
    readonly pool: UpstreamPool
  },
): InProcess {
  const { port, settings } = options
  const log = createLogger({ level: 'warn' })
  const running = startRunning(compiled, nothingRunning, log)
  const domains = new Map<TlsDomain, TrustDomain>()
  for (const { domain } of running.ports.get(port)?.servers.values() ?? []) {
    if (domain) domains.set(domain.tls, domain)
  }
  const [first] = domains.keys()
  if (!first) throw new Error('the port has no server')
  const report = createReport({
    sink: createExplanationFeed({ clock: systemClock }),
    metrics: createMetrics({ version: 'bench', revision: 'bench' }),
    clock: systemClock,
    log,
  })
  const handler: ListenerHandler<ConnectionContext> = createPortHandler({
    port,
    running: () => running,
    domainOf: (tls) => domains.get(tls),
    identities: new Identities(),
    serve: {
      gatewayPodPort: 8443,
      gatewayPrincipal: 'cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
      clusterDomain: settings.clusterDomain,
      workloads: createWorkloadClient(options.pool),
      clock: systemClock,
      serverHeader: settings.serverHeader,
      report,
    },
    report,
    clock: systemClock,
    random: Math.random,
    forMatching: (authority) => authority,
    onAccepted: () => {},
    onClosed: () => {},
    onOpenConnections: () => {},
  })
  return {
    connect: (peerCertificates, clientPort) =>
      connect(handler, first, { peerCertificates, clientPort, port }),
    handle: (exchange) => handler.handle(exchange),
  }
}

function connect(
  handler: ListenerHandler<ConnectionContext>,
  domain: TlsDomain,
  arrival: {
    readonly peerCertificates: readonly Uint8Array[]
    readonly clientPort: number
    readonly port: number
  },
): Connection {
  const peer = {
    address: '127.0.0.1',
    port: arrival.clientPort,
    localPort: arrival.port,
    acceptedAt: systemClock.now(),
  }
  const tls = {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    alpn: 'http/1.1',
    resumed: false,
    serverName: 'orders.bench.localhost',
    peerCertificates: arrival.peerCertificates,
    verified: true,
    verifyError: null,
  }
  const context = handler.accept(tls, peer, domain)
  if (!context) throw new Error('the peer of the benchmark was refused')
  return { peer, tls, context, destroy: () => {} }
}
