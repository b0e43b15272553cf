import { meshHopElement, type Stage } from '@twinlatch/trust'
import type { HeaderLines } from '@twinlatch/wire'
import { clip } from '../../clip.ts'
import type {
  CompiledDestination,
  CompiledRoute,
  CompiledVirtualHost,
  HeaderValues,
  PolicyDecision,
  RequestView,
  RouteAction,
} from '../../compiled.ts'
import { normalizePath } from '../../normalize-path.ts'
import { deniedBody, errorAnswer } from './answers.ts'
import { prepareHeaders, valuesOf } from './inbound-headers.ts'
import type { Denial, LocalAnswer, Transaction } from './transaction.ts'
import { gatewayView, headerValues, type ViewSource, workloadView } from './views.ts'
import { applyXfccMode } from './xfcc-mode.ts'

/** What the engine's settings contribute to a decision. */
export interface DecisionSettings {
  /** `destinationPort` at the gateway point (gateway.md section 11.4, `ports`). */
  readonly gatewayPodPort: number
  readonly gatewayPrincipal: string
  readonly clusterDomain: string
  /** In [0, 1): picks a weighted destination. */
  random(): number
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

/**
 * What becomes of a request, in the order of gateway.md section 1: header work, gateway policies,
 * route, header operations, workload policies. Pure but for what it notes on `transaction`.
 */
export function decide(
  transaction: Transaction,
  settings: DecisionSettings,
): LocalAnswer | Forwarding {
  const { request, context, server, port, authority } = transaction
  const host = port.compiled.chooseVirtualHost(server, authority)
  if (host.kind === 'misdirected') {
    const summary = `Host ${authority} belongs to another server of this port.`
    return refuse(transaction, 421, '', denial('SNI_HOST_MISMATCH', 'sni', summary))
  }
  const virtualHost = host.kind === 'virtual-host' ? host.virtualHost : null
  const target = normalizePath(request.target)
  if (!target) return badRequest(transaction, 'The path holds an encoded dot segment or a NUL.')
  const xfcc = applyXfccMode(server.xfcc, valuesOf(request.headers, 'x-forwarded-client-cert'), {
    identity: context.identity,
    ownUriSans: server.material.ready ? server.material.ownUriSans : [],
  })
  if (xfcc.kind === 'malformed') return badRequest(transaction, `The ${xfcc.reason}.`)
  const headers = prepareHeaders(request.headers, {
    requestId: transaction.id,
    remoteAddress: context.peer.address,
    xfcc: xfcc.value,
    peerFilled: virtualHost?.peerFilledHeaders ?? noNames,
  })
  const source: ViewSource = { context, method: request.method, authority, ...target, headers }
  const view = gatewayView(source, settings.gatewayPodPort)
  transaction.gatewayView = view
  const gate = server.gatewayPolicies
  const decision = gate.empty ? null : gate.decide(view)
  if (decision && !decision.allowed) return deny(transaction, decision, 'gateway')
  if (!virtualHost) return noHost(transaction)
  return chooseRoute(transaction, virtualHost, source, settings)
}

const noNames: ReadonlySet<string> = new Set()

/** What a record shows of a path that leads nowhere. */
const pathCharactersMax = 2_048

function chooseRoute(
  transaction: Transaction,
  virtualHost: CompiledVirtualHost,
  source: ViewSource,
  settings: DecisionSettings,
): LocalAnswer | Forwarding {
  const view = transaction.gatewayView
  const route = view && virtualHost.chooseRoute(view)
  if (!view || !route) {
    const path = clip(source.path, pathCharactersMax)
    const summary = `No route of ${virtualHost.name} matches ${source.method} ${path}.`
    return refuse(transaction, 404, '', denial('RTE_NO_PATH', 'route', summary))
  }
  transaction.route = route
  const { request } = transaction
  const target = source.query === null ? source.path : `${source.path}?${source.query}`
  const values = headerValues(
    source,
    { target, authority: request.authority },
    transaction.startedAt,
  )
  const { action } = route
  if (action.kind === 'forward') {
    return toWorkload(transaction, { route, action, source, values, target }, settings)
  }
  const headers: HeaderLines =
    action.kind === 'redirect'
      ? [['location', action.location(asSent(view, request.authority))]]
      : [['content-type', 'text/plain']]
  return {
    status: action.status,
    body: action.kind === 'redirect' ? '' : action.body,
    headers: route.applyResponseHeaders(headers, values),
    denial: null,
  }
}

// The client comes back to where it was: matching drops a mapped port, a redirect keeps it.
function asSent(view: RequestView, authority: string): RequestView {
  return { ...view, authority }
}

interface ForwardChoice {
  readonly route: CompiledRoute
  readonly action: Extract<RouteAction, { kind: 'forward' }>
  readonly source: ViewSource
  readonly values: HeaderValues
  /** Normalised path with query, before any rewrite. */
  readonly target: string
}

function toWorkload(
  transaction: Transaction,
  choice: ForwardChoice,
  settings: DecisionSettings,
): LocalAnswer | Forwarding {
  const { route, action, source, values, target } = choice
  const view = transaction.gatewayView
  if (!view) throw new TypeError('a route was chosen without a view')
  const destination = action.chooseDestination(settings.random())
  const { workload } = destination
  transaction.workload = workload
  const rewritten = action.rewrite(view)
  const authority = rewritten.authority ?? transaction.request.authority
  const headers = withMeshHop(
    [
      ...destination.applyRequestHeaders(source.headers, values),
      ...rewriteTraces(rewritten, target, transaction.request.authority),
    ],
    transaction,
  )
  const question = rewritten.path.indexOf('?')
  const inner = workloadView(
    {
      ...source,
      authority: rewritten.authority ?? source.authority,
      path: question < 0 ? rewritten.path : rewritten.path.slice(0, question),
      query: question < 0 ? null : rewritten.path.slice(question + 1),
      headers,
    },
    workload,
    settings,
  )
  transaction.workloadView = inner
  const decision = workload.policies.empty ? null : workload.policies.decide(inner)
  if (decision && !decision.allowed) return deny(transaction, decision, 'workload')
  const { timeoutMs, retries } = action
  return {
    kind: 'forward',
    route,
    destination,
    path: rewritten.path,
    authority,
    headers,
    timeoutMs,
    retries,
    values,
  }
}

// Values before the rewrite, for workloads that build links (gateway.md section 6.2).
function rewriteTraces(
  rewritten: { readonly path: string; readonly authority: string | null },
  target: string,
  authority: string,
): HeaderLines {
  const traces: [string, string][] = []
  if (rewritten.path !== target) traces.push(['x-envoy-original-path', target])
  if (rewritten.authority !== null) traces.push(['x-envoy-original-host', authority])
  return traces
}

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
  return [...headers.filter(([name]) => name.toLowerCase() !== xfccName), [xfccName, value]]
}

const xfccName = 'x-forwarded-client-cert'

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
