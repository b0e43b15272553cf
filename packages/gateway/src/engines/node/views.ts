import type { HeaderLines } from '@twinlatch/wire'
import type { CompiledWorkload, HeaderValues, RequestView } from '../../compiled.ts'
import type { ConnectionContext } from './connection.ts'

/** What both views of a request are made of. */
export interface ViewSource {
  readonly context: ConnectionContext
  readonly method: string
  /** Without a mapped listener port. */
  readonly authority: string
  readonly path: string
  readonly query: string | null
  readonly headers: HeaderLines
}

/** The request as policies and routes see it at the gateway point (gateway.md section 11.2). */
export function gatewayView(source: ViewSource, destinationPort: number): RequestView {
  const { context } = source
  const { identity } = context
  return {
    ...requestPart(source),
    sourceAddress: context.peer.address,
    remoteAddress: context.peer.address,
    principals: (identity?.uriSans ?? [])
      .filter((uri) => uri.startsWith(spiffeScheme))
      .map((uri) => uri.slice(spiffeScheme.length)),
    authenticated: identity !== null,
    serverName: context.tls.serverName,
    destinationPort,
  }
}

/**
 * The request as the sidecar of a workload would see it: after the header operations, and from the
 * gateway instead of from the client (gateway.md section 11.2).
 */
export function workloadView(
  source: ViewSource,
  workload: CompiledWorkload,
  mesh: { readonly gatewayPrincipal: string; readonly clusterDomain: string },
): RequestView {
  const fqdn = `${workload.service}.${workload.namespace}.svc.${mesh.clusterDomain}`
  return {
    ...requestPart(source),
    sourceAddress: gatewayAddress,
    // The last entry of x-forwarded-for, which is the one the gateway appended.
    remoteAddress: source.context.peer.address,
    principals: [mesh.gatewayPrincipal],
    authenticated: true,
    serverName: `outbound_.${workload.port}_._.${fqdn}`,
    destinationPort: workload.targetPort,
  }
}

/** Values for the operators of header operations (gateway.md section 8.2). */
export function headerValues(
  source: ViewSource,
  request: { readonly target: string; readonly authority: string },
  startTime: Date,
): HeaderValues {
  const { context } = source
  return {
    peer: context.identity,
    tlsVersion: context.tls.protocol,
    tlsCipher: context.tls.cipher,
    requestedServerName: context.tls.serverName,
    remoteAddress: context.peer.address,
    remotePort: context.peer.port,
    localPort: context.peer.localPort,
    startTime,
    method: source.method,
    authority: request.authority,
    path: request.target,
    header: headerLookup(source.headers, request.authority),
  }
}

/** Every gateway and every workload of ours runs on this machine. */
const gatewayAddress = '127.0.0.1'
const spiffeScheme = 'spiffe://'
const none: readonly string[] = []

function requestPart(
  source: ViewSource,
): Pick<RequestView, 'method' | 'authority' | 'path' | 'query' | 'scheme' | 'header' | 'peer'> {
  return {
    method: source.method,
    authority: source.authority,
    path: source.path,
    query: source.query,
    scheme: 'https',
    header: headerLookup(source.headers, source.authority),
    peer: source.context.identity,
  }
}

function headerLookup(
  headers: HeaderLines,
  authority: string,
): (name: string) => readonly string[] {
  const host = [authority]
  let looks = 0
  let index: Map<string, string[]> | undefined
  return (name) => {
    if (name === 'host') return host
    looks += 1
    if (looks <= looksWithoutIndex) return linesOf(headers, name)
    index ??= indexOf(headers)
    return index.get(name) ?? none
  }
}

/** Most requests are asked for a header or two; an index costs as much as a dozen looks. */
const looksWithoutIndex = 8

function linesOf(headers: HeaderLines, name: string): readonly string[] {
  let found: string[] | undefined
  for (const line of headers) {
    if (line[0].length !== name.length || line[0].toLowerCase() !== name) continue
    if (found) found.push(line[1])
    else found = [line[1]]
  }
  return found ?? none
}

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
