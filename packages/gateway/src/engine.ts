import type { Clock, Logger, Metrics } from '@twinlatch/kit'
import type { ExplanationSink } from '@twinlatch/trust'
import type { CompiledGateway } from './compiled.ts'
import type { GatewaySettings } from './config.ts'

/** Runs a compiled gateway. `swap` may be called before `listen` and at any time while serving. */
export interface Engine {
  /**
   * Takes a whole new value, at once and without a dropped connection: hosts whose trust did not
   * change keep their sessions, connections whose trust was withdrawn end with their next request
   * (gateway.md section 4.3). Never throws for a bad host: that host is not ready and says why.
   */
  swap(compiled: CompiledGateway): void
  /** Opens the ports of the present value; rejects when one of them cannot be had. */
  listen(): Promise<void>
  /** Stops accepting and ends when the running requests have, or after `graceMs`. */
  stop(graceMs: number): Promise<void>
  status(): EngineStatus
  /** Port the system gave, by the port of the compiled value (which may be 0). */
  readonly ports: ReadonlyMap<number, number>
}

/** What an operator sees of a running gateway. */
export interface EngineStatus {
  readonly generation: number
  readonly servers: readonly ServerStatus[]
  readonly listeners: readonly ListenerStatus[]
}

/** One server of a Gateway, by its key. */
export interface ServerStatus {
  readonly key: string
  readonly subaccountId: string
  readonly gateway: string
  readonly port: number
  readonly ready: boolean
  /** Why it is not ready, or what is wrong with an update that was not taken. */
  readonly reason: string | null
  readonly mode: string
  readonly hosts: readonly string[]
  readonly bundle: string | null
  /** Subjects of the trust anchors: each one is an anchor by itself (gateway.md section 4.1). */
  readonly authorities: readonly string[]
  /** Connections accepted for it since the process started. */
  readonly connectionsAccepted: number
  /** Of these, the ones that have not ended. */
  readonly connectionsOpen: number
}

/** One port. */
export interface ListenerStatus {
  readonly port: number
  /** `null` while it is not open. */
  readonly boundPort: number | null
  readonly error: string | null
  readonly openConnections: number
}

/** Settings that concern a running engine; the gateway's configuration satisfies it. */
export interface EngineSettings
  extends Pick<
    GatewaySettings,
    | 'portMap'
    | 'serverHeader'
    | 'clusterDomain'
    | 'trustDomain'
    | 'ingressNamespace'
    | 'gatewayServiceAccount'
    | 'openConnectionsPerAddressMax'
  > {
  /** Addresses to bind: 127.0.0.1 and ::1 unless given. */
  readonly hosts?: readonly string[]
}

/** What an engine needs; all of it is handed in. */
export interface EngineOptions {
  readonly settings: EngineSettings
  readonly sink: ExplanationSink
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}
