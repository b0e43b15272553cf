import type { SubaccountId } from '@twinlatch/kit'
import type { ExplainedPolicy, PeerIdentity } from '@twinlatch/trust'
import type { HeaderLines, TlsSettings } from '@twinlatch/wire'

/**
 * What an engine runs: the plan with every look-up made ready. Immutable; an engine swaps the
 * whole value. Nothing here touches a socket, a clock or a database.
 */
export interface CompiledGateway {
  readonly generation: number
  /** By listener port (a manifest's 443 is mapped, architecture.md "Ports of manifests"). */
  readonly ports: ReadonlyMap<number, CompiledPort>
}

export interface CompiledPort {
  readonly servers: readonly CompiledServer[]
  /** gateway.md section 5.2: exact name, longest suffix, `*`; `null` SNI only ever meets `*`. */
  chooseServer(serverName: string | null): CompiledServer | null
  /**
   * The virtual host that answers `authority` on a connection of `server` (gateway.md section 5.3).
   * `misdirected`: another server of this port owns the name (421). `no-host`: nobody does (404).
   */
  chooseVirtualHost(server: CompiledServer, authority: string): HostChoice
}

export type HostChoice =
  | { readonly kind: 'virtual-host'; readonly virtualHost: CompiledVirtualHost }
  | { readonly kind: 'misdirected' }
  | { readonly kind: 'no-host' }

export interface CompiledServer {
  /** `<subaccount GUID>/<namespace>/<gateway>/<port name>`; stable across generations. */
  readonly key: string
  readonly subaccountId: SubaccountId
  readonly gateway: { readonly namespace: string; readonly name: string }
  readonly hosts: readonly string[]
  readonly mode: 'SIMPLE' | 'MUTUAL' | 'OPTIONAL_MUTUAL'
  /** True for MUTUAL, and for OPTIONAL_MUTUAL with a pin or `subjectAltNames` (gateway.md 2.3). */
  readonly certificateRequired: boolean
  readonly material: ServerMaterial
  readonly pins: CompiledPins
  readonly xfcc: XfccSettings
  readonly gatewayPolicies: PolicySet
}

/** A server without usable material refuses its handshakes and says why; others are untouched. */
export type ServerMaterial =
  | {
      readonly ready: true
      readonly tls: TlsSettings
      /** Name of the trust bundle for people, such as `secret istio-system/kyma-mtls-cacert`. */
      readonly bundleName: string | null
      /** URI SANs of our own certificate: `By` of XFCC. */
      readonly ownUriSans: readonly string[]
    }
  | { readonly ready: false; readonly reason: string }

export interface CompiledPins {
  /** Lower-case hex SHA-256 of the leaf. */
  readonly certificateHashes: ReadonlySet<string>
  /** base64 SHA-256 of the SubjectPublicKeyInfo. */
  readonly spkiHashes: ReadonlySet<string>
  readonly subjectAltNames: readonly string[]
}

export type XfccDetail = 'Cert' | 'Chain' | 'Subject' | 'URI' | 'DNS'

export interface XfccSettings {
  readonly mode:
    | 'SANITIZE'
    | 'SANITIZE_SET'
    | 'FORWARD_ONLY'
    | 'APPEND_FORWARD'
    | 'ALWAYS_FORWARD_ONLY'
  readonly details: ReadonlySet<XfccDetail>
  /** Second element, as a workload's sidecar in a mesh adds it (gateway.md section 7.4). */
  readonly meshHop: {
    readonly gatewaySpiffe: string
    readonly gatewayCertificateSha256: string
    workloadSpiffe(workload: CompiledWorkload): string
  } | null
}

export interface CompiledVirtualHost {
  readonly name: string
  /**
   * Canonical names that some route of this virtual host fills from the peer
   * certificate; the client's copies are removed before anything reads them (gateway.md 6.3).
   */
  readonly peerFilledHeaders: ReadonlySet<string>
  chooseRoute(view: RequestView): CompiledRoute | null
}

/** One request as routes and policies see it at one policy point. */
export interface RequestView {
  readonly method: string
  /** Host without a mapped listener port. */
  readonly authority: string
  /** Normalised (gateway.md section 9.3), without query. */
  readonly path: string
  /** Text after `?`, or `null`. */
  readonly query: string | null
  readonly scheme: 'https' | 'http'
  /** All lines of a header, by lower-case name. */
  header(name: string): readonly string[]
  /** Verified client certificate, or `null`. */
  readonly peer: PeerIdentity | null
  /** `source.ip`: the TCP peer at the gateway point, the gateway itself at the workload point. */
  readonly sourceAddress: string
  /** `remote.ip` (gateway.md sections 9.2 and 11.2). */
  readonly remoteAddress: string
  /** SPIFFE ids without `spiffe://`: the peer's URI SANs, at the workload point the gateway's. */
  readonly principals: readonly string[]
  /** `*` of principals: any verified certificate (gateway point) or the gateway (workload point). */
  readonly authenticated: boolean
  /** `connection.sni`. */
  readonly serverName: string | null
  readonly destinationPort: number
}

/** The policies of one point (gateway.md section 11.3), ready to decide. */
export interface PolicySet {
  /** True when there is nothing to check, so that a caller can skip building a view. */
  readonly empty: boolean
  /** Cost does not grow with the number of exact values in the rules. */
  decide(view: RequestView): PolicyDecision
  /** Every policy with its near miss, for the record; slow, never on the hot path. */
  trace(view: RequestView): readonly ExplainedPolicy[]
}

export interface PolicyDecision {
  readonly allowed: boolean
  readonly code: 'POL_DENY_MATCHED' | 'POL_NO_ALLOW_MATCHED' | 'POL_ERROR' | null
  /** `namespace/name` of the policy that decided, or `null`. */
  readonly policy: string | null
}

export interface CompiledRoute {
  /** `namespace/virtual-service rule 0`, with the rule's own name where it has one. */
  readonly name: string
  readonly action: RouteAction
  /** Response header operations of rule and destination (gateway.md section 6.3). */
  applyResponseHeaders(headers: HeaderLines, values: HeaderValues): HeaderLines
}

export type RouteAction =
  | {
      readonly kind: 'forward'
      /** `random` in [0, 1) picks a weighted destination. */
      chooseDestination(random: number): CompiledDestination
      readonly timeoutMs: number | null
      /** Attempts after the first one, on connect failures only. */
      readonly retries: number
      /** Path as forwarded, without the query, which stays (gateway.md section 6.2). */
      rewritePath(view: RequestView): string
      /** `null`: as the client sent it. */
      readonly rewriteAuthority: string | null
    }
  | { readonly kind: 'redirect'; location(view: RequestView): string; readonly status: number }
  | { readonly kind: 'direct-response'; readonly status: number; readonly body: string }

export interface CompiledDestination {
  readonly workload: CompiledWorkload
  /**
   * Request header operations of rule and destination, in Envoy's order; an operator without a
   * value skips its header (gateway.md section 6.3). Names keep the manifest's spelling.
   */
  applyRequestHeaders(headers: HeaderLines, values: HeaderValues): HeaderLines
}

/** Values for `%OPERATOR%`s of header operations (gateway.md section 8.2). */
export interface HeaderValues {
  readonly peer: PeerIdentity | null
  readonly tlsVersion: string
  readonly tlsCipher: string
  readonly requestedServerName: string | null
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localPort: number
  readonly startTime: Date
  readonly method: string
  readonly authority: string
  /** Path with query, before any rewrite. */
  readonly path: string
  header(name: string): readonly string[]
}

export interface CompiledWorkload {
  /** `<subaccount GUID>/<namespace>/<service>:<port>`. */
  readonly key: string
  readonly subaccountId: SubaccountId
  readonly namespace: string
  readonly service: string
  readonly port: number
  readonly serviceAccount: string
  /** Port of the container: `ports` of policies at the workload point. */
  readonly targetPort: number
  readonly policies: PolicySet
  readonly target: WorkloadTarget
}

/** Where a workload really is. */
export type WorkloadTarget =
  | { readonly kind: 'httpbin' }
  | {
      readonly kind: 'url'
      readonly protocol: 'http' | 'https'
      readonly host: string
      readonly port: number
      /** The host must not lead to this machine or a private network, whatever resolves it. */
      readonly publicOnly?: true
    }
  /** Known service without an endpoint: 503 `no healthy upstream`; unknown one: 503 empty. */
  | { readonly kind: 'none'; readonly known: boolean; readonly reason: string }
