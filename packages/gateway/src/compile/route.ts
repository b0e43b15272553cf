import type { HeaderLines } from '@twinlatch/wire'
import type {
  CompiledDestination,
  CompiledRoute,
  CompiledVirtualHost,
  CompiledWorkload,
  HeaderValues,
  RequestView,
  RouteAction,
} from '../compiled.ts'
import { GatewayError } from '../errors.ts'
import type { LocalIdentity } from '../header-operators.ts'
import type { HttpMatch } from '../istio/virtual-service-match.ts'
import { normalizePath } from '../normalize-path.ts'
import type {
  PlannedAction,
  PlannedDestination,
  PlannedRoute,
  PlannedVirtualHost,
} from '../plan/planned-route.ts'
import type { PlannedServer } from '../plan/planned-server.ts'
import { type CompiledOperations, compileOperations } from './header-operations.ts'
import { compileRedirect } from './redirect.ts'
import { compileRouteMatch } from './route-match.ts'

/** What routes of one server are compiled with. */
export interface RouteContext {
  readonly server: Pick<PlannedServer, 'port'>
  readonly local: LocalIdentity
  readonly workloads: ReadonlyMap<string, CompiledWorkload>
}

/** A virtual host whose first matching route answers (gateway.md section 6.1). */
export function compileVirtualHost(
  virtualHost: PlannedVirtualHost,
  context: RouteContext,
): CompiledVirtualHost {
  const routes = virtualHost.routes.map((route) => {
    const prepared = prepareRoute(route, context)
    return { prepared, route: compileRoute(route, prepared, context) }
  })
  return {
    name: virtualHost.host,
    peerFilledHeaders: new Set(routes.flatMap(({ prepared }) => prepared.peerFilled)),
    chooseRoute: (view) => routes.find(({ prepared }) => prepared.matches(view))?.route ?? null,
  }
}

/** What of a compiled route depends on the route and its server alone, not on workloads. */
interface PreparedRoute {
  readonly local: LocalIdentity
  readonly serverPort: number
  readonly matches: (view: RequestView) => boolean
  readonly peerFilled: readonly string[]
  readonly applyResponseHeaders: Apply
  /** Request header operations of each destination, in order. */
  readonly applyRequestHeaders: readonly Apply[]
  readonly location: ((view: RequestView) => string) | null
  readonly rewritePath: ((view: RequestView) => string) | null
}

/** By the planned route, which stays the same object until its VirtualService changes. */
let prepared: WeakMap<PlannedRoute, PreparedRoute> | undefined

function prepareRoute(route: PlannedRoute, context: RouteContext): PreparedRoute {
  prepared ??= new WeakMap()
  const known = prepared.get(route)
  if (known?.local === context.local && known.serverPort === context.server.port) return known
  const fresh = prepareRouteAnew(route, context)
  prepared.set(route, fresh)
  return fresh
}

function prepareRouteAnew(route: PlannedRoute, context: RouteContext): PreparedRoute {
  const { local, server } = context
  const own = compileOperations(route.headers?.request, 'request', local)
  const { action } = route
  const destinations = action.kind === 'forward' ? action.destinations : []
  const theirs = destinations.map((entry) => {
    return compileOperations(entry.headers?.request, 'request', local)
  })
  const single = destinations.length === 1 ? destinations[0] : undefined
  return {
    local,
    serverPort: server.port,
    matches: compileRouteMatch(route.match),
    peerFilled: [own, ...theirs].flatMap((operations) => operations?.peerFilled ?? []),
    applyResponseHeaders: inOrder(
      compileOperations(route.headers?.response, 'response', local),
      compileOperations(single?.headers?.response, 'response', local),
    ),
    // Envoy applies the list of one of several destinations first (gateway.md section 6.3).
    applyRequestHeaders: theirs.map((operations) =>
      single === undefined ? inOrder(operations, own) : inOrder(own, operations),
    ),
    location: action.kind === 'redirect' ? compileRedirect(action.rule, server.port) : null,
    rewritePath:
      action.kind === 'forward' ? compilePathRewrite(action.rewriteUri, route.match) : null,
  }
}

function compileRoute(
  route: PlannedRoute,
  { applyResponseHeaders, applyRequestHeaders, location, rewritePath }: PreparedRoute,
  context: RouteContext,
): CompiledRoute {
  const { name, action } = route
  if (location !== null && action.kind === 'redirect') {
    const status = action.rule.redirectCode ?? 301
    return { name, action: { kind: 'redirect', status, location }, applyResponseHeaders }
  }
  if (action.kind === 'direct-response') return { name, action, applyResponseHeaders }
  if (rewritePath === null || action.kind !== 'forward') throw new TypeError('no such action')
  const weighted = action.destinations.map((entry, index) => ({
    weight: entry.weight,
    destination: compileDestination(entry, applyRequestHeaders[index] ?? unchanged, context),
  }))
  return { name, action: compileForward(action, weighted, rewritePath), applyResponseHeaders }
}

const unchanged: Apply = (lines) => lines

type Apply = (lines: HeaderLines, values: HeaderValues) => HeaderLines

function inOrder(first: CompiledOperations | null, second: CompiledOperations | null): Apply {
  return (lines, values) => {
    const once = first === null ? lines : first.apply(lines, values)
    return second === null ? once : second.apply(once, values)
  }
}

function compileDestination(
  destination: PlannedDestination,
  applyRequestHeaders: Apply,
  context: RouteContext,
): CompiledDestination {
  const workload = context.workloads.get(destination.workload)
  if (workload === undefined)
    throw new TypeError(`the plan has no workload ${destination.workload}`)
  return { workload, applyRequestHeaders }
}

interface Weighted {
  readonly weight: number
  readonly destination: CompiledDestination
}

function compileForward(
  action: Extract<PlannedAction, { kind: 'forward' }>,
  weighted: readonly Weighted[],
  rewritePath: (view: RequestView) => string,
): RouteAction {
  const single = weighted.length === 1 ? weighted[0] : undefined
  return {
    kind: 'forward',
    chooseDestination: single ? () => single.destination : (random) => pick(weighted, random),
    timeoutMs: action.timeoutMs,
    retries: action.retries,
    rewritePath,
    rewriteAuthority: action.rewriteAuthority,
  }
}

/** A weighted destination for `random` in [0, 1). */
function pick(weighted: readonly Weighted[], random: number): CompiledDestination {
  let left = random * weighted.reduce((sum, { weight }) => sum + weight, 0)
  for (const { weight, destination } of weighted) {
    left -= weight
    if (left < 0) return destination
  }
  const last = weighted.at(-1)
  if (last === undefined) throw new TypeError('a forwarding route without a destination')
  return last.destination
}

/**
 * Replaces the text that matched: a prefix only itself, an exact or regular expression the whole
 * path. The result is normalised again, as the sidecar of a workload does with what it receives:
 * `/a../b` with `/a` replaced by `/` must not become a dot segment that policies cannot see.
 */
function compilePathRewrite(
  uri: string | null,
  match: HttpMatch | null,
): (view: RequestView) => string {
  if (uri === null) return (view) => view.path
  const whole = match?.uri?.exact !== undefined || match?.uri?.regex !== undefined
  const prefixLength = (match?.uri?.prefix ?? '/').length
  return (view) => {
    const path = whole ? uri : uri + view.path.slice(prefixLength)
    const target = normalizePath(path.startsWith('/') ? path : `/${path}`)
    if (target === null) {
      throw new GatewayError('gateway/settings', `rewrite.uri "${uri}" makes an ambiguous path`)
    }
    return target.path
  }
}
