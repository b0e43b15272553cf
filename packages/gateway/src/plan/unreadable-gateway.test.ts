import { newSubaccountId } from '@twinlatch/kit'
import { describe, expect, test } from 'vitest'
import { compile } from '../compile.ts'
import type { JsonObject } from '../document.ts'
import { createPlanner, plan } from '../plan.ts'
import { planInput } from '../testdata/plan-yaml.ts'
import type { PlanInput } from './types.ts'

const gateway = (name: string, mode: string, hosts: string) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: a }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ${hosts}
      tls: { mode: ${mode}, credentialName: x }
`

type Change = (spec: { [key: string]: unknown; servers: Record<string, unknown>[] }) => void

/** What is stored, with the body of the Gateway `strict` changed as an older version had taken it. */
function stored(text: string, change: Change): PlanInput {
  const input = planInput([{ name: 'case.yaml', text }])
  return {
    ...input,
    sets: input.sets.map((set) => ({
      ...set,
      documents: set.documents.map((document) => {
        if (document.name !== 'strict') return document
        const body = structuredClone(document.body) as JsonObject & { spec: never }
        change(body.spec)
        return { ...document, body }
      }),
    })),
  }
}

const owners = ({ plan: planned }: ReturnType<typeof plan>) => {
  const port = compile(planned).ports.get(9443)
  return (name: string) => {
    const server = port?.chooseServer(name)
    return server && { name: server.gateway.name, ready: server.material.ready }
  }
}

const text = [
  gateway('open', 'SIMPLE', '["*.x.localhost"]'),
  gateway('strict', 'MUTUAL', '[m.x.localhost, "b/*.deep.x.localhost"]'),
].join('---')

const first = (spec: Parameters<Change>[0]) => spec.servers[0] as Record<string, unknown>

describe('a stored Gateway that this version cannot read', () => {
  test.each<[string, Change]>([
    ['a field it does not know', (spec) => Object.assign(first(spec), { novelty: 1 })],
    ['another shape of tls', (spec) => Object.assign(first(spec), { tls: 'MUTUAL' })],
    ['a port that is no number', (spec) => Object.assign(first(spec), { port: 'https' })],
    [
      'a port that is not mapped',
      (spec) => Object.assign(first(spec), { port: { number: 1, x: 1 } }),
    ],
  ])('keeps its hosts, closed, from a broader server: %s', (_name, change) => {
    const result = plan(stored(text, change))
    expect(result.problems.length).toBeGreaterThan(0)
    const owner = owners(result)
    expect(owner('m.x.localhost')).toEqual({ name: 'strict', ready: false })
    expect(owner('a.deep.x.localhost')).toEqual({ name: 'strict', ready: false })
    // With its own, broken material: what matters is whose it is.
    expect(owner('other.x.localhost')?.name).toBe('open')
  })

  test('says which, why and what to do', () => {
    const { plan: planned } = plan(
      stored(text, (spec) => Object.assign(first(spec), { novelty: 1 })),
    )
    const closed = planned.ports[0]?.servers.find(({ gateway: { name } }) => name === 'strict')
    expect(closed?.material).toEqual({
      ready: false,
      reason: expect.stringMatching(/^Gateway a\/strict cannot be read .*novelty.*delete it$/),
    })
  })

  test.each<[string, Change]>([
    ['no hosts', (spec) => Object.assign(first(spec), { hosts: {} })],
    ['a host of another form', (spec) => Object.assign(first(spec), { hosts: [{ name: 'm' }] })],
    ['a pattern that is not known', (spec) => Object.assign(first(spec), { hosts: ['m*.x'] })],
    ['no servers', (spec) => Object.assign(spec, { servers: 'all' })],
  ])('closes its whole subaccount when its hosts cannot be told: %s', (_name, change) => {
    const { plan: planned } = plan(stored(text, change))
    expect(planned.ports[0]?.servers.map(({ material }) => material)).toEqual(
      planned.ports[0]?.servers.map(() => ({
        ready: false,
        reason: expect.stringContaining('a/strict'),
      })),
    )
  })

  test('that selects another gateway takes nothing', () => {
    const result = plan(
      stored(text, (spec) => Object.assign(spec, { selector: { istio: 'other' }, novelty: 1 })),
    )
    expect(owners(result)('m.x.localhost')?.name).toBe('open')
  })

  test('keeps its hosts from another subaccount too, and closes nothing of it', () => {
    const input = stored(text, (spec) =>
      Object.assign(first(spec), { hosts: ['m.x.localhost', 7] }),
    )
    const [dev] = input.sets
    const other = planInput([
      { name: 'o.yaml', text: gateway('elsewhere', 'SIMPLE', '[o.localhost]') },
    ]).sets.map((set) => ({ ...set, subaccountId: newSubaccountId() }))
    const { plan: planned } = plan({ ...input, sets: [...(dev ? [dev] : []), ...other] })
    const reasons = planned.ports[0]?.servers.map(({ gateway: { name }, material }) => [
      name,
      material.ready ? null : material.reason.includes('a/strict'),
    ])
    expect(reasons).toContainEqual(['elsewhere', false])
    expect(reasons).toContainEqual(['open', true])
  })

  test('is the same to a planner that remembers, and open again when it can be read', () => {
    const broken = stored(text, (spec) => Object.assign(first(spec), { novelty: 1 }))
    const good = stored(text, () => undefined)
    const planner = createPlanner()
    for (const input of [good, broken, broken, good]) {
      expect(planner.plan(input)).toEqual(plan(input))
    }
  })
})
