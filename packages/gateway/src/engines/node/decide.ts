import { meshHopElement, type Stage } from '@twinlatch/trust'
import { type HeaderLines, isNamed } from '@twinlatch/wire'
import { clip } from '../../clip.ts'
import type {
  CompiledDestination,
  CompiledRoute,
  CompiledVirtualHost,
  HeaderValues,
  PolicyDecision,
  RouteAction,
} from '../../compiled.ts'
import { valuesOf } from '../../header-lines.ts'
import { normalizePath } from '../../normalize-path.ts'
import { deniedBody, errorAnswer } from './answers.ts'
import { type ConnectionConstants, constantsOf } from './connection-constants.ts'
import { type ClientHeaders, readClientHeaders } from './inbound-headers.ts'
import { type Denial, drawsMax, type LocalAnswer, type Transaction } from './transaction.ts'
import { RequestAtPoint, RequestValues, WorkloadPoint } from './views.ts'
import { applyXfccMode } from './xfcc-mode.ts'

/** What the engine's settings contribute to a decision. */
export interface DecisionSettings {
  /** `destinationPort` at the gateway point (gateway.md section 11.4, `ports`). */
  readonly gatewayPodPort: number
  readonly gatewayPrincipal: string
  readonly clusterDomain: string
}

/** A request that goes to a workload, ready to be sent. */
export interface Forwarding {
  readonly kind: 'forward'
  readonly route: CompiledRoute
  readonly destination: CompiledDestination
  readonly path: string
  readonly authority: string
  readonly headers: HeaderLines
  readonly timeoutMs: number | null
  readonly retries: number
  readonly values: HeaderValues
}

/** The request at both policy points, as far as it came; for whoever explains it. */
export interface SeenViews {
  gateway: RequestAtPoint | null
  workload: RequestAtPoint | null
}

/**
 * What becomes of a request, in the order of gateway.md section 1: header work, gateway policies,
 * route, header operations, workload policies. Pure but for what it notes on `transaction`, always
 * the same for the same transaction, so that a record can be explained by deciding again.
 */
export function decide(
  transaction: Transaction,
  settings: DecisionSettings,
  seen?: SeenViews,
): LocalAnswer | Forwarding {
  const { request, context, server, port, authority } = transaction
  const constants = constantsOf(context, port, settings.gatewayPodPort)
  const { choice, peerFilled } = constants.hostOf(authority)
  if (choice.kind === 'misdirected') {
    const summary = `Host ${authority} belongs to another server of this port.`
    return refuse(transaction, 421, '', denial('SNI_HOST_MISMATCH', 'sni', summary))
  }
  const target = normalizePath(request.target)
  if (!target) return badRequest(transaction, 'The path holds an encoded dot segment or a NUL.')
  const client = readClientHeaders(request.headers, peerFilled)
  const xfcc = applyXfccMode(server.xfcc, client.xfcc, constants.ownXfcc?.[1] ?? null)
  if (xfcc.kind === 'malformed') return badRequest(transaction, `The ${xfcc.reason}.`)
  const view = new RequestAtPoint({
    context,
    point: constants.point,
    method: request.method,
    authority,
    path: target.path,
    query: target.query,
    headers: withGatewayHeaders(transaction, client, constants, xfcc.value),
  })
  if (seen) seen.gateway = view
  const gate = server.gatewayPolicies
  const decision = gate.empty ? null : gate.decide(view)
  if (decision && !decision.allowed) return deny(transaction, decision, 'gateway')
  if (choice.kind === 'no-host') return noHost(transaction)
  return chooseRoute(transaction, { virtualHost: choice.virtualHost, view, settings, seen })
}

/** What the gateway itself says in headers of the forwarded request (gateway.md section 9.1). */
function withGatewayHeaders(
  { id, context }: Transaction,
  { lines, forwardedFor }: ClientHeaders,
  { externalAddress, ownXfcc }: ConnectionConstants,
  xfcc: string | null,
): HeaderLines {
  const { address } = context.peer
  lines.push(
    ['x-forwarded-for', forwardedFor === null ? address : `${forwardedFor},${address}`],
    forwardedProto,
    ['x-request-id', id],
    externalAddress,
  )
  if (xfcc !== null) lines.push(xfcc === ownXfcc?.[1] ? ownXfcc : [xfccName, xfcc])
  return lines
}

const xfccName = 'x-forwarded-client-cert'
const forwardedProto = ['x-forwarded-proto', 'https'] as const

/** What a record shows of a path that leads nowhere. */
const pathCharactersMax = 2_048

interface HostChosen {
  readonly virtualHost: CompiledVirtualHost
  /** At the gateway point. */
  readonly view: RequestAtPoint
  readonly settings: DecisionSettings
  readonly seen: SeenViews | undefined
}

function chooseRoute(transaction: Transaction, chosen: HostChosen): LocalAnswer | Forwarding {
  const { virtualHost, view, settings, seen } = chosen
  const { request, startedAt } = transaction
  const route = virtualHost.chooseRoute(view)
  if (!route) {
    const path = clip(view.path, pathCharactersMax)
    const summary = `No route of ${virtualHost.name} matches ${view.method} ${path}.`
    return refuse(transaction, 404, '', denial('RTE_NO_PATH', 'route', summary))
  }
  transaction.route = route
  const { authority } = request
  const target = withQuery(view.path, view.query)
  const values = new RequestValues(view, { target, authority, startedAt })
  const { action } = route
  if (action.kind === 'forward') {
    return toWorkload(transaction, { view, settings, seen, route, action, values, target })
  }
  // The client comes back to where it was: matching drops a mapped port, a redirect keeps it.
  const asSent = () => new RequestAtPoint({ ...view.parts, authority })
  const headers: HeaderLines =
    action.kind === 'redirect'
      ? [['location', action.location(asSent())]]
      : [['content-type', 'text/plain']]
  return {
    status: action.status,
    body: action.kind === 'redirect' ? '' : action.body,
    headers: route.applyResponseHeaders(headers, values),
    denial: null,
  }
}

function withQuery(path: string, query: string | null): string {
  return query === null ? path : `${path}?${query}`
}

interface ForwardChosen extends Omit<HostChosen, 'virtualHost'> {
  readonly route: CompiledRoute
  readonly action: Extract<RouteAction, { kind: 'forward' }>
  readonly values: HeaderValues
  /** Normalised path with query, before any rewrite. */
  readonly target: string
}

function toWorkload(transaction: Transaction, chosen: ForwardChosen): LocalAnswer | Forwarding {
  const { view, route, action, values, target, settings } = chosen
  const destination = action.chooseDestination(transaction.draw / drawsMax)
  const { workload } = destination
  transaction.workload = workload
  const { query } = view
  const path = action.rewritePath(view)
  const traces = rewriteTraces(path === view.path ? null : target, transaction, action)
  const operated = destination.applyRequestHeaders(view.parts.headers, values)
  const headers = withMeshHop(
    traces.length === 0 ? operated : [...operated, ...traces],
    transaction,
  )
  const { rewriteAuthority } = action
  const inner = new RequestAtPoint({
    context: transaction.context,
    point: new WorkloadPoint(workload, settings),
    method: view.method,
    authority: rewriteAuthority ?? view.authority,
    path,
    query,
    headers,
  })
  if (chosen.seen) chosen.seen.workload = inner
  const decision = workload.policies.empty ? null : workload.policies.decide(inner)
  if (decision && !decision.allowed) return deny(transaction, decision, 'workload')
  return {
    kind: 'forward',
    route,
    destination,
    path: path === view.path ? target : withQuery(path, query),
    authority: rewriteAuthority ?? transaction.request.authority,
    headers,
    timeoutMs: action.timeoutMs,
    retries: action.retries,
    values,
  }
}

// Values before the rewrite, for workloads that build links (gateway.md section 6.2).
function rewriteTraces(
  originalPath: string | null,
  { request }: Transaction,
  { rewriteAuthority }: { readonly rewriteAuthority: string | null },
): HeaderLines {
  if (originalPath === null && rewriteAuthority === null) return noLines
  const traces: [string, string][] = []
  if (originalPath !== null) traces.push(['x-envoy-original-path', originalPath])
  if (rewriteAuthority !== null) traces.push(['x-envoy-original-host', request.authority])
  return traces
}

const noLines: HeaderLines = []

// What the workload's sidecar adds in a mesh, before its own policies (gateway.md section 7.4).
function withMeshHop(headers: HeaderLines, transaction: Transaction): HeaderLines {
  const { meshHop } = transaction.server.xfcc
  const { workload } = transaction
  if (!meshHop || !workload) return headers
  const element = meshHopElement({
    workloadSpiffe: meshHop.workloadSpiffe(workload),
    gatewaySpiffe: meshHop.gatewaySpiffe,
    gatewayCertificateSha256: meshHop.gatewayCertificateSha256,
  })
  const value = [...valuesOf(headers, xfccName), element].filter((part) => part !== '').join(',')
  return [...headers.filter(([name]) => !isNamed(name, xfccName)), [xfccName, value]]
}

function noHost(transaction: Transaction): LocalAnswer {
  const { authority, port } = transaction
  const hostName = authority.replace(/:\d*$/, '').toLowerCase()
  const owned = port.compiled.chooseServer(hostName) !== null
  return refuse(
    transaction,
    404,
    '',
    owned
      ? denial(
          'RTE_NO_HOST',
          'route',
          `No VirtualService of this gateway answers for ${authority}.`,
        )
      : denial(
          'SNI_HOST_MISMATCH',
          'sni',
          `Host ${authority} is served by no gateway of this port.`,
        ),
  )
}

function deny(
  transaction: Transaction,
  decision: PolicyDecision,
  point: 'gateway' | 'workload',
): LocalAnswer {
  const code = decision.code ?? 'POL_ERROR'
  return refuse(transaction, 403, deniedBody, denial(code, 'policy', policyText(decision, point)))
}

function policyText(decision: PolicyDecision, point: string): string {
  switch (decision.code) {
    case 'POL_DENY_MATCHED':
      return `DENY policy ${decision.policy ?? ''} matched at the ${point} point.`
    case 'POL_NO_ALLOW_MATCHED':
      return `No ALLOW policy matched at the ${point} point.`
    default:
      return `Policy ${decision.policy ?? ''} at the ${point} point cannot be decided.`
  }
}

function badRequest(transaction: Transaction, summary: string): LocalAnswer {
  return refuse(transaction, 400, 'Bad Request', denial(null, 'route', summary))
}

function refuse(transaction: Transaction, status: number, body: string, why: Denial): LocalAnswer {
  return errorAnswer(transaction.request, status, body, why)
}

function denial(code: Denial['code'], stage: Stage, summary: string): Denial {
  return { code, stage, summary }
}
