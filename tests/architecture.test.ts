import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname

/** The layer table of docs/architecture.md: who may import whom. */
const allowed: ReadonlyMap<string, readonly string[]> = new Map([
  ['kit', []],
  ['pki', []],
  ['client', []],
  ['trust', ['kit', 'pki']],
  ['wire', ['kit']],
  ['store', ['kit']],
  ['control', ['kit', 'trust', 'store']],
  ['ca', ['kit', 'pki', 'trust', 'store']],
  ['destinations', ['kit', 'pki', 'trust', 'store']],
  ['tokens', ['kit', 'pki', 'trust', 'store']],
  ['gateway', ['kit', 'pki', 'trust', 'wire']],
  [
    'cli',
    [
      ...['kit', 'pki', 'trust', 'wire', 'store', 'client'],
      ...['control', 'ca', 'destinations', 'tokens', 'gateway'],
    ],
  ],
  ['testing', ['kit', 'pki', 'store', 'trust', 'wire']],
])

/** Third parties with a fence around them. */
const fences: ReadonlyMap<string, (file: string) => boolean> = new Map([
  ['jose', (file) => /^packages\/(trust|tokens)\//.test(file)],
  ['pg', (file) => /^packages\/(store|testing)\//.test(file)],
  ['pino', (file) => file.startsWith('packages/kit/')],
  [
    'kysely',
    (file) =>
      file.startsWith('packages/store/') ||
      /-store\.ts$/.test(file) ||
      /\/migrations\/[^/]+\.ts$/.test(file),
  ],
  ['commander', (file) => file.startsWith('packages/cli/')],
])

interface Manifest {
  readonly name: string
  readonly exports?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
}

const names = readdirSync(join(root, 'packages'))

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest
}

/** What a package ships: its files without the tests and what only they open. */
function sourcesOf(name: string): readonly string[] {
  return readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.test|\.fixture)\.ts$/.test(file))
    .map((file) => `packages/${name}/src/${file}`)
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const statements = text.matchAll(
    /^(?:import|export)\b[^']*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  )
  return [...statements].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

describe('packages', () => {
  test('every package stands in the layer table, and the table names no others', () => {
    expect([...names].sort()).toEqual([...allowed.keys()].sort())
  })

  test.each(names)('%s depends only on what the layer table allows', (name) => {
    const workspace = Object.keys(manifestOf(name).dependencies ?? {})
      .filter((dependency) => dependency.startsWith('@twinlatch/'))
      .map((dependency) => dependency.slice('@twinlatch/'.length))
    expect(workspace.filter((dependency) => !allowed.get(name)?.includes(dependency))).toEqual([])
  })

  test.each(names)('%s exports only its index, so that deep imports do not resolve', (name) => {
    expect(manifestOf(name).exports).toBe('./src/index.ts')
  })

  test.each(names)('%s declares exactly the packages it imports', (name) => {
    const imported = new Set<string>()
    for (const file of sourcesOf(name)) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
        const [scope, rest] = specifier.split('/')
        imported.add(specifier.startsWith('@') ? `${scope}/${rest}` : (scope ?? ''))
      }
    }
    expect(Object.keys(manifestOf(name).dependencies ?? {}).sort()).toEqual([...imported].sort())
  })
})

describe('files', () => {
  const files = names.flatMap(sourcesOf)

  test.each([...fences.keys()])('%s is imported only behind its fence', (library) => {
    const inside = fences.get(library)
    const outside = files.filter(
      (file) =>
        importsOf(file).some(
          (specifier) =>
            specifier === library ||
            specifier.startsWith(library.endsWith('/') ? library : `${library}/`),
        ) && !inside?.(file),
    )
    expect(outside).toEqual([])
  })

  test('nothing that ships imports what is there for tests', () => {
    const imported = files.filter((file) =>
      importsOf(file).some((specifier) =>
        /^vitest|^@twinlatch\/testing|\.(test|fixture)\.ts$/.test(specifier),
      ),
    )
    expect(imported.filter((file) => !file.startsWith('packages/testing/'))).toEqual([])
  })

  test('no source file is longer than 300 lines', () => {
    const long = files.filter(
      (file) => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length > 300,
    )
    expect(long).toEqual([])
  })

  test('escape hatches from types and lint are at most five in the tree', () => {
    const hatches = files.flatMap((file) =>
      [
        ...readFileSync(join(root, file), 'utf8').matchAll(
          // `any` itself is an error of the linter and needs one of these to pass.
          /biome-ignore|@ts-ignore|@ts-expect-error|@ts-nocheck/g,
        ),
      ].map(([hatch]) => `${file}: ${hatch}`),
    )
    expect(hatches.length, hatches.join('\n')).toBeLessThanOrEqual(5)
  })

  test('no domain file of a service imports its HTTP door or a framework', () => {
    const services = ['control', 'ca', 'destinations', 'tokens']
    const doors = /\/(http|service|index|guard|[a-z-]*-http)\.ts$|\/http\//
    const leaning = services
      .flatMap(sourcesOf)
      .filter((file) => !doors.test(file))
      .filter((file) => importsOf(file).some((specifier) => /^hono|\/http\.ts$/.test(specifier)))
    expect(leaning).toEqual([])
  })
})
