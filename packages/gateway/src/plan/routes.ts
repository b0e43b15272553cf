import { intersection } from '../istio/host-name.ts'
import type { HttpRoute, VirtualServiceDocument } from '../istio/virtual-service.ts'
import { isAuthority } from '../istio/virtual-service-headers.ts'
import type { HttpMatch } from '../istio/virtual-service-match.ts'
import type { PlannedAction, PlannedRoute, PlannedVirtualHost } from './planned-route.ts'
import type { Resource } from './resources.ts'
import type { ServerDraft } from './servers.ts'
import type { WorkloadFinder } from './workloads.ts'

/** A VirtualService with its origin. */
export type VirtualService = Resource<VirtualServiceDocument>

/** Retries of a route that says nothing about them (gateway.md section 6.2). */
const defaultRetries = 2

/** Which VirtualServices answer for which host of a server. */
export interface Attachment {
  readonly host: string
  readonly virtualServices: readonly VirtualService[]
}

/**
 * The virtual hosts of a server (gateway.md section 5.3): each VirtualService bound to its Gateway,
 * by intersection of hosts, in order of age.
 */
export function attach(
  draft: ServerDraft,
  byGateway: ReadonlyMap<string, readonly VirtualService[]>,
): Attachment[] {
  const hosts = new Map<string, VirtualService[]>()
  for (const virtualService of byGateway.get(draft.gateway.id) ?? []) {
    if (!isExported(virtualService, draft)) continue
    const joined = new Set(
      draft.hosts
        .filter(({ namespace }) => namespace === '*' || namespace === virtualService.namespace)
        .flatMap(({ host }) => {
          const own = virtualService.document.spec.hosts
          return own.map((name) => intersection(host, name)).filter((name) => name !== null)
        }),
    )
    for (const host of joined) {
      const list = hosts.get(host)
      if (list === undefined) hosts.set(host, [virtualService])
      else list.push(virtualService)
    }
  }
  return [...hosts].map(([host, virtualServices]) => ({ host, virtualServices }))
}

/** The VirtualServices that name each Gateway, in order of age. */
export function virtualServicesByGateway(
  virtualServices: readonly VirtualService[],
): ReadonlyMap<string, readonly VirtualService[]> {
  const byGateway = new Map<string, VirtualService[]>()
  for (const virtualService of virtualServices) {
    const { gateways = [] } = virtualService.document.spec
    const ids = new Set(gateways.map((name) => gatewayId(name, virtualService.namespace)))
    for (const id of ids) {
      const list = byGateway.get(id)
      if (list === undefined) byGateway.set(id, [virtualService])
      else list.push(virtualService)
    }
  }
  return byGateway
}

function isExported(virtualService: VirtualService, draft: ServerDraft): boolean {
  const { exportTo } = virtualService.document.spec
  const { namespace } = draft.gateway
  return (
    exportTo === undefined ||
    exportTo.some(
      (name) =>
        name === '*' ||
        name === namespace ||
        (name === '.' && virtualService.namespace === namespace),
    )
  )
}

function namesGateway(name: string, virtualService: VirtualService, draft: ServerDraft): boolean {
  return gatewayId(name, virtualService.namespace) === draft.gateway.id
}

/** `ns/name` of a reference that may leave the namespace out. */
export function gatewayId(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`
}

/** The routes of one virtual host, in the order of gateway.md section 6.1. */
export function planVirtualHost(
  attachment: Attachment,
  draft: ServerDraft,
  finder: WorkloadFinder,
): PlannedVirtualHost {
  const { host } = attachment
  const lists = attachment.virtualServices.map((entry) => routesOf(entry, draft, finder))
  const [only] = lists
  if (only === undefined || lists.length > 1) return { host, routes: inOrder(lists.flat()) }
  virtualHosts ??= new WeakMap()
  const ofList = virtualHosts.get(only) ?? new Map<string, PlannedVirtualHost>()
  const virtualHost = ofList.get(host) ?? { host, routes: inOrder(only) }
  virtualHosts.set(only, ofList.set(host, virtualHost))
  return virtualHost
}

/** By the list of one VirtualService, which is the same one until something of it changes. */
let virtualHosts: WeakMap<readonly OrderedRoute[], Map<string, PlannedVirtualHost>> | undefined

function inOrder(routes: readonly OrderedRoute[]): PlannedRoute[] {
  return [
    ...routes.filter(({ catchAll }) => !catchAll),
    ...routes.filter(({ catchAll }) => catchAll),
  ].map(({ route }) => route)
}

interface OrderedRoute {
  readonly route: PlannedRoute
  readonly catchAll: boolean
}

/** A destination that a route named, and the workload it was at the time. */
interface Asked {
  readonly host: string
  readonly port: number | undefined
  readonly workload: string
}

interface RememberedRoutes {
  readonly asked: readonly Asked[]
  readonly routes: readonly OrderedRoute[]
}

/**
 * Routes by the document they were made from and by the server they are for: good while every
 * destination still leads to the same workload, which is asked for again, so that it is known.
 */
let remembered: WeakMap<VirtualServiceDocument, Map<string, RememberedRoutes>> | undefined

function routesOf(
  virtualService: VirtualService,
  draft: ServerDraft,
  finder: WorkloadFinder,
): readonly OrderedRoute[] {
  const { document, namespace, id } = virtualService
  const key = `${id} ${draft.gateway.id} ${draft.server.port}`
  remembered ??= new WeakMap()
  const known = remembered.get(document)?.get(key)
  const workloadOf = (host: string, port: number | undefined) =>
    finder.find(host, port, namespace).workload.key
  if (known?.asked.every(({ host, port, workload }) => workloadOf(host, port) === workload)) {
    return known.routes
  }
  // Rules of one VirtualService mostly lead to the same workload: one question for all of them.
  const asked = new Map<string, Asked>()
  const routes = makeRoutes(virtualService, draft, (host, port) => {
    const workload = workloadOf(host, port)
    asked.set(`${host} ${port ?? ''}`, { host, port, workload })
    return workload
  })
  const ofDocument = remembered.get(document) ?? new Map<string, RememberedRoutes>()
  remembered.set(document, ofDocument.set(key, { asked: [...asked.values()], routes }))
  return routes
}

/** Key of the workload behind a destination. */
type FindWorkload = (host: string, port: number | undefined) => string

function makeRoutes(
  virtualService: VirtualService,
  draft: ServerDraft,
  find: FindWorkload,
): OrderedRoute[] {
  const routes: OrderedRoute[] = []
  for (const [index, rule] of virtualService.document.spec.http.entries()) {
    const name = `${virtualService.id} rule ${index}${rule.name === undefined ? '' : ` "${rule.name}"`}`
    const base = {
      headers: rule.headers ?? null,
      action: actionOf(rule, find),
    }
    if (rule.match === undefined) {
      routes.push({ route: { name, match: null, ...base }, catchAll: true })
      return routes
    }
    for (const match of rule.match) {
      if (match.port !== undefined && match.port !== draft.server.port) continue
      const elsewhere = match.gateways?.every(
        (gateway) => !namesGateway(gateway, virtualService, draft),
      )
      if (elsewhere) continue
      const catchAll = isCatchAll(match)
      routes.push({ route: { name, match, ...base }, catchAll })
      if (catchAll) return routes
    }
  }
  return routes
}

/** Prefix `/` or regex `.*` without any other condition. */
function isCatchAll(match: HttpMatch): boolean {
  const {
    uri,
    name: _n,
    statPrefix: _s,
    ignoreUriCase: _i,
    port: _p,
    gateways: _g,
    ...rest
  } = match
  const others = Object.values(rest).some(
    (value) => value !== undefined && Object.keys(value).length > 0,
  )
  return !others && (uri === undefined || uri.prefix === '/' || uri.regex === '.*')
}

function actionOf(rule: HttpRoute, find: FindWorkload): PlannedAction {
  if (rule.redirect !== undefined) return { kind: 'redirect', rule: rule.redirect }
  if (rule.directResponse !== undefined) {
    const { status, body } = rule.directResponse
    return { kind: 'direct-response', status, body: body?.string ?? '' }
  }
  const entries = rule.route ?? []
  const used = entries.length === 1 ? entries : entries.filter((entry) => (entry.weight ?? 0) > 0)
  return {
    kind: 'forward',
    destinations: used.map((entry) => ({
      workload: find(entry.destination.host, entry.destination.port?.number),
      weight: entry.weight || 1,
      headers: entry.headers ?? null,
    })),
    timeoutMs: rule.timeout ?? null,
    retries: retriesOf(rule),
    rewriteUri: rule.rewrite?.uri ?? null,
    rewriteAuthority: authorityOf(rule),
  }
}

function retriesOf(rule: HttpRoute): number {
  if (rule.retries === undefined) return defaultRetries
  const { attempts, retryOn } = rule.retries
  // The other conditions that are accepted never occur between us and an HTTP/1.1 workload.
  return retryOn === undefined || retryOn.split(',').some((on) => on.trim() === 'connect-failure')
    ? attempts
    : 0
}

/** `Host` in set or add is an authority rewrite (gateway.md section 6.3). */
function authorityOf(rule: HttpRoute): string | null {
  const { set, add } = rule.headers?.request ?? {}
  const host = [...Object.entries(set ?? {}), ...Object.entries(add ?? {})].find(([name]) =>
    isAuthority(name),
  )
  return host?.[1] ?? rule.rewrite?.authority ?? null
}
