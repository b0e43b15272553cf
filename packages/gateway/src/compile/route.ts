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
  const routes = virtualHost.routes.map((route) => ({
    matches: compileRouteMatch(route.match),
    ...compileRoute(route, context),
  }))
  return {
    name: virtualHost.host,
    peerFilledHeaders: new Set(routes.flatMap(({ peerFilled }) => peerFilled)),
    chooseRoute: (view) => routes.find(({ matches }) => matches(view))?.route ?? null,
  }
}

function compileRoute(
  route: PlannedRoute,
  context: RouteContext,
): { route: CompiledRoute; peerFilled: readonly string[] } {
  const own = compileOperations(route.headers?.request, 'request', context.local)
  const { action } = route
  const destinations = action.kind === 'forward' ? action.destinations : []
  const compiled = destinations.map((entry) => {
    const theirs = compileOperations(entry.headers?.request, 'request', context.local)
    return { entry, theirs }
  })
  const single = destinations.length === 1 ? destinations[0] : undefined
  const responses = inOrder(
    compileOperations(route.headers?.response, 'response', context.local),
    compileOperations(single?.headers?.response, 'response', context.local),
  )
  const weighted = compiled.map(({ entry, theirs }) => ({
    weight: entry.weight,
    destination: compileDestination(
      entry,
      // Envoy applies the list of one of several destinations first (gateway.md section 6.3).
      single === undefined ? inOrder(theirs, own) : inOrder(own, theirs),
      context,
    ),
  }))
  return {
    peerFilled: [own, ...compiled.map(({ theirs }) => theirs)].flatMap(
      (operations) => operations?.peerFilled ?? [],
    ),
    route: {
      name: route.name,
      action: compileAction(action, route.match, weighted, context),
      applyResponseHeaders: responses,
    },
  }
}

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

function compileAction(
  action: PlannedAction,
  match: HttpMatch | null,
  weighted: readonly Weighted[],
  context: RouteContext,
): RouteAction {
  if (action.kind === 'redirect') {
    return {
      kind: 'redirect',
      status: action.rule.redirectCode ?? 301,
      location: compileRedirect(action.rule, context.server.port),
    }
  }
  if (action.kind === 'direct-response') return action
  const rewritePath = compilePathRewrite(action.rewriteUri, match)
  return {
    kind: 'forward',
    chooseDestination: (random) => pick(weighted, random),
    timeoutMs: action.timeoutMs,
    retries: action.retries,
    rewrite: (view) => ({
      path: rewritePath(view) + (view.query === null ? '' : `?${view.query}`),
      authority: action.rewriteAuthority,
    }),
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
