import { createHash } from 'node:crypto'

/** One package as `package-lock.json` has it; an entry of `packages/` is one of ours. */
export interface LockEntry {
  readonly name?: string
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** `package-lock.json`, version 3: entries by their place in the tree. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

/** What `npm sbom` says of one package. */
export interface Component {
  readonly 'bom-ref': string
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly scope?: string
  readonly description?: string
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  readonly licenses?: readonly unknown[]
}

/** The part of CycloneDX that we read or write. */
export interface Bom {
  readonly specVersion: string
  readonly serialNumber?: string
  readonly metadata: { readonly timestamp?: string; readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/** The package that a user installs; everything else comes with it. */
const product = '@twinlatch/cli'

/**
 * The bill of materials of what a user installs, CycloneDX 1.6, from what `npm sbom` says of the
 * whole lock. npm's own `--omit dev` leaves out what a development tool needs as well (npm 11.19:
 * zod, yaml and nine more), so the closure is made here, along npm's graph without our
 * devDependencies. The same lock gives the same bytes: there is no time, nothing of the machine, and
 * the serial number is made of the content.
 */
export function createSbom(complete: Bom, lock: Lock): Bom {
  const ours = new Map<string, LockEntry>(
    Object.entries(lock.packages).flatMap(([path, entry]) =>
      path.startsWith('packages/') ? [[`${entry.name}@${entry.version}`, entry] as const] : [],
    ),
  )
  const edges = new Map(
    complete.dependencies.map(({ ref, dependsOn }) => [
      ref,
      dependsOn.filter((target) => !isDevelopmentOnly(ours.get(ref), target)).sort(),
    ]),
  )
  const root = [...ours.keys()].find((ref) => ref.startsWith(`${product}@`)) ?? ''
  const reached = closureOf(root, edges)
  const components = complete.components
    .filter((component) => reached.has(component['bom-ref']))
    .map((component) => named(component, ours.get(component['bom-ref'])))
    .sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1))
  const main = components.find((component) => component['bom-ref'] === root)
  if (!main) throw new Error(`npm sbom knows no ${product}`)
  const body = {
    metadata: {
      tools: { components: [{ type: 'application', name: 'npm sbom' }] },
      component: { ...main, type: 'application' },
    },
    components: components.filter((component) => component !== main),
    dependencies: [...reached].sort().map((ref) => ({ ref, dependsOn: edges.get(ref) ?? [] })),
  }
  const header = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialOf(JSON.stringify(body)),
    version: 1,
  }
  return { ...header, ...body }
}

function isDevelopmentOnly(from: LockEntry | undefined, target: string): boolean {
  if (!from) return false
  return !(target.slice(0, target.lastIndexOf('@')) in (from.dependencies ?? {}))
}

function closureOf(root: string, edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set([root])
  for (const ref of reached) for (const next of edges.get(ref) ?? []) reached.add(next)
  return reached
}

/** npm names a workspace after its folder, and empty lists say nothing. */
function named(component: Component, own: LockEntry | undefined): Component {
  const entries = Object.entries({ ...component, name: own?.name ?? component.name })
  const kept = entries.filter(
    ([key, value]) => key !== 'author' && !(Array.isArray(value) && value.length === 0),
  )
  return Object.fromEntries(kept) as unknown as Component
}

/** A UUID of version 8 (RFC 9562 section 5.8): the content, hashed. */
function serialOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex')
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4]
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ]
  return `urn:uuid:${parts.join('-')}`
}
