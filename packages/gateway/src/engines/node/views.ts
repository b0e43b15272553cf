import type { HeaderLines } from '@twinlatch/wire'
import type { CompiledWorkload, HeaderValues, RequestView } from '../../compiled.ts'
import { valuesOf } from '../../header-lines.ts'
import type { ConnectionContext } from './connection.ts'

/** What a policy point knows apart from the request itself (gateway.md section 11.2). */
export type PolicyPoint = Pick<
  RequestView,
  'sourceAddress' | 'principals' | 'authenticated' | 'serverName' | 'destinationPort'
>

/** A request at one policy point. */
interface RequestParts {
  readonly context: ConnectionContext
  readonly point: PolicyPoint
  readonly method: string
  /** Without a mapped listener port. */
  readonly authority: string
  readonly path: string
  readonly query: string | null
  readonly headers: HeaderLines
}

/** A request as routes and policies see it at one policy point (gateway.md section 11.2). */
export class RequestAtPoint implements RequestView {
  readonly parts: RequestParts
  #looks = 0
  #index: Map<string, string[]> | null = null

  constructor(parts: RequestParts) {
    this.parts = parts
  }

  get method() {
    return this.parts.method
  }
  get authority() {
    return this.parts.authority
  }
  get path() {
    return this.parts.path
  }
  get query() {
    return this.parts.query
  }
  get scheme() {
    return 'https' as const
  }
  get peer() {
    return this.parts.context.identity
  }
  // At the workload point this is the last entry of x-forwarded-for: the one the gateway appended.
  get remoteAddress() {
    return this.parts.context.peer.address
  }
  get sourceAddress() {
    return this.parts.point.sourceAddress
  }
  get principals() {
    return this.parts.point.principals
  }
  get authenticated() {
    return this.parts.point.authenticated
  }
  get serverName() {
    return this.parts.point.serverName
  }
  get destinationPort() {
    return this.parts.point.destinationPort
  }

  header(name: string): readonly string[] {
    const { authority, headers } = this.parts
    if (name === 'host') return [authority]
    this.#looks += 1
    if (this.#looks <= looksWithoutIndex) return valuesOf(headers, name)
    this.#index ??= indexOf(headers)
    return this.#index.get(name) ?? none
  }
}

/** The gateway point of a connection: the same for all its requests. */
export function gatewayPoint(context: ConnectionContext, destinationPort: number): PolicyPoint {
  const { identity, peer, tls } = context
  return {
    sourceAddress: peer.address,
    principals: (identity?.uriSans ?? [])
      .filter((uri) => uri.startsWith(spiffeScheme))
      .map((uri) => uri.slice(spiffeScheme.length)),
    authenticated: identity !== null,
    serverName: tls.serverName,
    destinationPort,
  }
}

/**
 * A workload as its sidecar would see a request: after the header operations, and from the gateway
 * instead of from the client (gateway.md section 11.2).
 */
export class WorkloadPoint implements PolicyPoint {
  readonly #workload: CompiledWorkload
  readonly #mesh: Mesh

  constructor(workload: CompiledWorkload, mesh: Mesh) {
    this.#workload = workload
    this.#mesh = mesh
  }

  get sourceAddress() {
    return gatewayAddress
  }
  get principals() {
    return [this.#mesh.gatewayPrincipal]
  }
  get authenticated() {
    return true
  }
  get serverName() {
    const { service, namespace, port } = this.#workload
    return `outbound_.${port}_._.${service}.${namespace}.svc.${this.#mesh.clusterDomain}`
  }
  get destinationPort() {
    return this.#workload.targetPort
  }
}

interface Mesh {
  readonly gatewayPrincipal: string
  readonly clusterDomain: string
}

/** Values for the operators of header operations (gateway.md section 8.2). */
export class RequestValues implements HeaderValues {
  readonly #view: RequestAtPoint
  readonly #request: SentRequest

  /** `view` is the one at the gateway point. */
  constructor(view: RequestAtPoint, request: SentRequest) {
    this.#view = view
    this.#request = request
  }

  get peer() {
    return this.#view.peer
  }
  get tlsVersion() {
    return this.#view.parts.context.tls.protocol
  }
  get tlsCipher() {
    return this.#view.parts.context.tls.cipher
  }
  get requestedServerName() {
    return this.#view.parts.context.tls.serverName
  }
  get remoteAddress() {
    return this.#view.remoteAddress
  }
  get remotePort() {
    return this.#view.parts.context.peer.port
  }
  get localPort() {
    return this.#view.parts.context.peer.localPort
  }
  get startTime() {
    return this.#request.startedAt
  }
  get method() {
    return this.#view.method
  }
  get authority() {
    return this.#request.authority
  }
  get path() {
    return this.#request.target
  }

  header(name: string): readonly string[] {
    return name === 'host' ? [this.#request.authority] : this.#view.header(name)
  }
}

interface SentRequest {
  /** Normalised path with query. */
  readonly target: string
  /** As the client sent it. */
  readonly authority: string
  readonly startedAt: Date
}

/** Every gateway and every workload of ours runs on this machine. */
const gatewayAddress = '127.0.0.1'
const spiffeScheme = 'spiffe://'
const none: readonly string[] = []

/** Most requests are asked for a header or two; an index costs as much as a dozen looks. */
const looksWithoutIndex = 8

function indexOf(headers: HeaderLines): Map<string, string[]> {
  const index = new Map<string, string[]>()
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const values = index.get(lower)
    if (values) values.push(value)
    else index.set(lower, [value])
  }
  return index
}
