import { readdirSync } from 'node:fs'
import { devSubaccountId, type SubaccountId } from '@twinlatch/kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../compile.ts'
import { gatewaySettings } from '../config.ts'
import type { JsonObject, StoredDocument } from '../document.ts'
import { createPlanner, plan } from '../plan.ts'
import { behaviourOf } from '../testdata/behaviour.ts'
import { caseFiles, planInput } from '../testdata/plan-yaml.ts'
import type { PlanInput, PlanResult } from './types.ts'

const testdata = new URL('../testdata/', import.meta.url)

/** Documents of all golden cases by what makes them one object, each with variants. */
const pool: readonly (readonly StoredDocument[])[] = [
  ...Map.groupBy(
    readdirSync(testdata)
      .filter((name) => name.endsWith('.in.yaml'))
      .flatMap((name) => planInput(caseFiles(new URL(name, testdata))).sets)
      .flatMap(({ documents }) => documents)
      .flatMap((document) => [document, ...variantsOf(document)]),
    ({ kind, namespace, name }) => `${kind} ${namespace}/${name}`,
  ).values(),
]
/** The same object with something else to say, where the golden cases have it in one form only. */
function variantsOf(document: StoredDocument): StoredDocument[] {
  const spec = document.body['spec'] as JsonObject | undefined
  const withSpec = (changed: JsonObject): StoredDocument => ({
    ...document,
    body: { ...document.body, spec: { ...spec, ...changed } },
  })
  switch (document.kind) {
    case 'AuthorizationPolicy':
      return [withSpec({ action: 'AUDIT' }), withSpec({ action: 'ALLOW', rules: [{}] })]
    case 'Deployment':
      return [withSpec({ replicas: 0 })]
    case 'VirtualService':
      return [withSpec({ http: [{ directResponse: { status: 418 } }] })]
    case 'Service':
      return [withSpec({ ports: [] })]
    default:
      return []
  }
}

const subaccounts = [devSubaccountId, '0f3a4c55-5b1c-4d2e-9d57-4e0fd1d1a001' as SubaccountId]
const settings = [
  {},
  { istioCompat: true },
  { ingressNamespace: 'elsewhere', rootNamespace: 'root' },
  { labels: { istio: 'other' } },
  { xfcc: { mode: 'SANITIZE' } },
  { upstreams: { privateAddresses: false } },
].map((given) => gatewaySettings.parse(given))

const step = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'put', 'remove', 'copy', 'age', 'label', 'settings'),
  subaccount: fc.nat(1),
  position: fc.nat(pool.length - 1),
  variant: fc.nat(20),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type State = readonly Map<number, StoredDocument>[]

/** Makes the change of a step; answers the number of the settings that hold from now on. */
function take(state: State, { kind, subaccount, position, variant }: Step, current: number) {
  if (kind === 'settings') return variant % settings.length
  const documents = state[subaccount]
  const old = documents?.get(position)
  const variants = pool[position] ?? []
  const chosen = variants[variant % variants.length]
  if (kind === 'put' && chosen) documents?.set(position, chosen)
  if (kind === 'remove') documents?.delete(position)
  if (kind === 'copy' && old) documents?.set(position, structuredClone(old))
  if (kind === 'age' && old) {
    documents?.set(position, { ...old, createdAt: `2025-01-01T00:00:${10 + variant}.000Z` })
  }
  if (kind === 'label' && old) documents?.set(position, { ...old, file: `${variant}.yaml` })
  return current
}

test('however documents change, a planner says what a plan of all of them says', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 30 }), (steps) => {
      const planner = createPlanner()
      const state: State = [
        new Map(pool.flatMap(([first], position) => (first ? [[position, first]] : []))),
        new Map(),
      ]
      let current = 0
      for (const one of steps) {
        current = take(state, one, current)
        const sets = state.map((documents, index) => ({
          subaccountId: subaccounts[index] ?? devSubaccountId,
          documents: [...documents.values()],
        }))
        const input: PlanInput = { sets, settings: settings[current] ?? gatewaySettings.parse({}) }
        const anew = plan({ ...input, sets: structuredClone(sets) })
        const result = planner.plan(input)
        expect(textOf(result)).toBe(textOf(anew))
        expect(behaviourOf(compile(result.plan))).toEqual(behaviourOf(compile(anew.plan)))
      }
    }),
    { numRuns: 40 },
  )
})

function textOf(result: PlanResult): string {
  return JSON.stringify(result, (_key, value) => (value instanceof Set ? [...value] : value))
}
