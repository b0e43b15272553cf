import { Counter, Gauge, Registry } from 'prom-client'
import { TalliedCounter } from './tallied-counter.ts'

/**
 * The metrics that exist so far, with the names and labels of console-and-cli.md section 8. No
 * label ever holds a subject, a tenant's name or anything else a caller chooses freely.
 */
export interface Metrics {
  readonly httpRequests: TalliedCounter<'route' | 'method' | 'status_class' | 'outcome'>
  readonly tlsHandshakes: Counter<'result' | 'code' | 'protocol'>
  readonly connectionsOpen: Gauge<'listener'>
  readonly authzDecisions: TalliedCounter<'action' | 'outcome'>
  readonly destinationLookups: Counter<'result'>
  readonly tokensIssued: Counter<'grant' | 'result'>
  readonly configReloadSuccess: Gauge<'kind'>
  readonly snapshotFromDisk: Gauge
  /** Prometheus text (exposition format 0.0.4) of everything above. */
  render(): Promise<string>
}

/** A registry of its own, so that two servers in one process never share a counter. */
export function createMetrics(build: { version: string; revision: string }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: 'twinlatch_build_info',
    help: 'Version of the running program; always 1.',
    labelNames: ['version', 'revision'],
    registers,
  }).set(build, 1)
  return {
    httpRequests: new TalliedCounter({
      name: 'twinlatch_http_requests_total',
      help: 'Requests answered by the gateway.',
      labelNames: ['route', 'method', 'status_class', 'outcome'],
      registers,
    }),
    tlsHandshakes: new Counter({
      name: 'twinlatch_tls_handshakes_total',
      help: 'TLS connections accepted or refused, by reason code.',
      labelNames: ['result', 'code', 'protocol'],
      registers,
    }),
    connectionsOpen: new Gauge({
      name: 'twinlatch_connections_open',
      help: 'Connections open now.',
      labelNames: ['listener'],
      registers,
    }),
    authzDecisions: new TalliedCounter({
      name: 'twinlatch_authz_decisions_total',
      help: 'Authorization decisions.',
      labelNames: ['action', 'outcome'],
      registers,
    }),
    destinationLookups: new Counter({
      name: 'twinlatch_destination_lookups_total',
      help: 'Calls of Find.',
      labelNames: ['result'],
      registers,
    }),
    tokensIssued: new Counter({
      name: 'twinlatch_tokens_issued_total',
      help: 'Answers of the token endpoint.',
      labelNames: ['grant', 'result'],
      registers,
    }),
    configReloadSuccess: new Gauge({
      name: 'twinlatch_config_reload_success',
      help: '1 if the last reload was taken, 0 if it was refused and the old state kept.',
      labelNames: ['kind'],
      registers,
    }),
    snapshotFromDisk: new Gauge({
      name: 'twinlatch_gateway_snapshot_from_disk',
      help: '1 while the gateway serves what it had kept, because the database was away at the start.',
      registers,
    }),
    render: () => registry.metrics(),
  }
}
