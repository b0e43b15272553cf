import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile } from '../compile.ts'
import type { StoredDocument } from '../document.ts'
import { createPlanner, plan } from '../plan.ts'
import { behaviourOf } from '../testdata/behaviour.ts'
import { caseFiles, planInput, planText } from '../testdata/plan-yaml.ts'
import type { PlanInput } from './types.ts'

const testdata = new URL('../testdata/', import.meta.url)
const cases = readdirSync(testdata)
  .filter((name) => name.endsWith('.in.yaml'))
  .map((name) => name.slice(0, -'.in.yaml'.length))
const inputOf = (name: string) => planInput(caseFiles(new URL(`${name}.in.yaml`, testdata)))

/** The same input in new objects, of which nothing can be remembered. */
function unknown(input: PlanInput): PlanInput {
  const sets = input.sets.map((set) => ({ ...set, documents: structuredClone([...set.documents]) }))
  return { ...input, sets }
}

function withDocuments(
  input: PlanInput,
  change: (documents: readonly StoredDocument[]) => readonly StoredDocument[],
): PlanInput {
  return {
    ...input,
    sets: input.sets.map((set) => ({ ...set, documents: change(set.documents) })),
  }
}

describe('what is remembered never shows in a plan', () => {
  test.each(cases)('%s, with each document gone and come back', (name) => {
    const input = inputOf(name)
    const planner = createPlanner()
    const whole = planText(plan(unknown(input)))
    for (const gone of input.sets.flatMap(({ documents }) => documents)) {
      expect(planText(planner.plan(input))).toBe(whole)
      const less = withDocuments(input, (all) => all.filter((document) => document !== gone))
      const [known, anew] = [planner.plan(less), plan(unknown(less))]
      expect(planText(known)).toBe(planText(anew))
      expect(behaviourOf(compile(known.plan))).toEqual(behaviourOf(compile(anew.plan)))
    }
  })

  test.each(cases)('%s, in another namespace of secrets and with istioCompat', (name) => {
    const input = inputOf(name)
    const planner = createPlanner()
    planner.plan(input)
    const settings = { ...input.settings, ingressNamespace: 'elsewhere', istioCompat: true }
    const moved = { ...input, settings }
    expect(planText(planner.plan(moved))).toBe(planText(plan(unknown(moved))))
  })
})

describe('after one changed policy', () => {
  const input = inputOf('mutual-gateway-with-policy-on-a-service')
  const changed = withDocuments(input, (all) =>
    all.map((one) => (one.kind === 'AuthorizationPolicy' ? structuredClone(one) : one)),
  )
  const planner = createPlanner()
  const before = planner.plan(input).plan
  const after = planner.plan(changed).plan
  const server = (planned: typeof before) => planned.ports[0]?.servers[0]

  test('key material is not read again', () => {
    expect(server(before)?.material.ready).toBe(true)
    expect(server(after)?.material).toBe(server(before)?.material)
  })

  test('routes are not planned again', () => {
    const [route] = server(before)?.virtualHosts[0]?.routes ?? []
    expect(route).toBeDefined()
    expect(server(after)?.virtualHosts[0]?.routes[0]).toBe(route)
  })

  test('a compiled route leads to the workload of its own generation', () => {
    const [first, second] = [compile(before, 1), compile(after, 2)]
    const workloads = [first, second].map((compiled) => {
      const port = compiled.ports.get(9443)
      const [only] = port?.servers ?? []
      const host = only?.hosts[0]?.replace('*', 'httpbin-x509') ?? ''
      const choice = only && port?.chooseVirtualHost(only, host)
      if (choice?.kind !== 'virtual-host') throw new Error('no virtual host')
      return choice.virtualHost
    })
    expect(workloads[0]).not.toBe(workloads[1])
  })
})

test('a secret that is replaced is read again', () => {
  const input = inputOf('mutual-gateway-with-policy-on-a-service')
  const renewed = withDocuments(input, (all) =>
    all.map((one) => (one.kind === 'Secret' ? structuredClone(one) : one)),
  )
  const planner = createPlanner()
  const material = (planned: PlanInput) => planner.plan(planned).plan.ports[0]?.servers[0]?.material
  expect(material(renewed)).not.toBe(material(input))
})
