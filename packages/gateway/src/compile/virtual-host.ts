import type { CompiledVirtualHost, CompiledWorkload } from '../compiled.ts'
import type { LocalIdentity } from '../header-operators.ts'
import type { PlannedVirtualHost } from '../plan/planned-route.ts'
import { compileVirtualHost, type RouteContext } from './route.ts'

interface Remembered {
  readonly local: LocalIdentity
  readonly serverPort: number
  /** The workloads that the routes lead to, each of which was compiled into them. */
  readonly workloads: ReadonlyMap<string, CompiledWorkload>
  readonly compiled: CompiledVirtualHost
}

/** `compileVirtualHost`, done again only if the host, its server or one of its workloads changed. */
export function virtualHostOf(
  virtualHost: PlannedVirtualHost,
  context: RouteContext,
): CompiledVirtualHost {
  remembered ??= new WeakMap()
  const known = remembered.get(virtualHost)
  const { local, server } = context
  if (
    known?.local === local &&
    known.serverPort === server.port &&
    isUnchanged(known.workloads, context.workloads)
  ) {
    return known.compiled
  }
  const compiled = compileVirtualHost(virtualHost, context)
  const workloads = workloadsOf(virtualHost, context.workloads)
  remembered.set(virtualHost, { local, serverPort: server.port, workloads, compiled })
  return compiled
}

/** By the planned host, which stays the same object until something of its routes changes. */
let remembered: WeakMap<PlannedVirtualHost, Remembered> | undefined

function isUnchanged(
  before: ReadonlyMap<string, CompiledWorkload>,
  now: ReadonlyMap<string, CompiledWorkload>,
): boolean {
  for (const [key, workload] of before) {
    if (now.get(key) !== workload) return false
  }
  return true
}

function workloadsOf(
  { routes }: PlannedVirtualHost,
  all: ReadonlyMap<string, CompiledWorkload>,
): ReadonlyMap<string, CompiledWorkload> {
  const own = new Map<string, CompiledWorkload>()
  for (const { action } of routes) {
    if (action.kind !== 'forward') continue
    for (const { workload } of action.destinations) {
      const found = all.get(workload)
      if (found !== undefined) own.set(workload, found)
    }
  }
  return own
}
