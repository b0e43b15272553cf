import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileAddressBlocks } from '../address-block.ts'
import type { RequestView } from '../compiled.ts'
import { authorizationPolicySchema, type PolicyRule } from '../istio/authorization-policy.ts'
import { compilePathTemplate, isPathTemplate } from '../path-template.ts'
import type { PlannedPolicy } from '../plan/types.ts'
import { requestView } from '../testdata/request-view.ts'
import { compilePolicySet } from './policy-set.ts'

/**
 * The rules of gateway.md sections 11.3 and 11.4 once more, without an index, a shared attribute or
 * a compiled matcher: every rule of every policy is looked at, every value compared.
 */
type Lists = { values?: readonly string[] | undefined; notValues?: readonly string[] | undefined }

const stringForm = (wanted: string, got: string, presence: boolean): boolean => {
  if (wanted === '*') return presence || got !== ''
  if (wanted.endsWith('*')) return got.startsWith(wanted.slice(0, -1))
  if (wanted.startsWith('*')) return got.endsWith(wanted.slice(1))
  return wanted === got
}

const anyOf = (list: readonly string[], got: readonly string[], presence = false): boolean =>
  list.some((wanted) => got.some((value) => stringForm(wanted, value, presence)))

function satisfied({ values, notValues }: Lists, hit: (list: readonly string[]) => boolean) {
  return (values === undefined || hit(values)) && (notValues === undefined || !hit(notValues))
}

function headerHolds(lists: Lists, lines: readonly string[], action: string): boolean {
  const apart = satisfied(lists, (list) => anyOf(list, lines, true))
  if (lines.length < 2) return apart
  const joined = satisfied(lists, (list) => anyOf(list, [lines.join(',')], true))
  return action === 'ALLOW' ? apart && joined : apart || joined
}

function principalHit(view: RequestView, list: readonly string[]): boolean {
  if (!view.authenticated) return false
  return list.includes('*') || anyOf(list, view.principals)
}

const fieldHits: Record<string, (view: RequestView, list: readonly string[]) => boolean> = {
  principals: principalHit,
  ipBlocks: (view, list) => compileAddressBlocks(list)(view.sourceAddress),
  hosts: (view, list) =>
    anyOf(
      list.map((host) => host.toLowerCase()),
      [view.authority.toLowerCase()],
    ),
  methods: (view, list) => anyOf(list, [view.method]),
  paths: (view, list) =>
    list.some((wanted) =>
      isPathTemplate(wanted)
        ? compilePathTemplate(wanted)(view.path)
        : stringForm(wanted, view.path, false),
    ),
  ports: (view, list) => list.some((value) => Number(value) === view.destinationPort),
}

function fieldsHold(fields: Record<string, readonly string[] | undefined>, view: RequestView) {
  return Object.entries(fieldHits).every(([name, hit]) => {
    const notName = `not${name.charAt(0).toUpperCase()}${name.slice(1)}`
    return satisfied({ values: fields[name], notValues: fields[notName] }, (list) =>
      hit(view, list),
    )
  })
}

function whenHolds(key: string, lists: Lists, view: RequestView, action: string): boolean {
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1]?.toLowerCase()
  if (header === ':path') {
    const full = view.query === null ? view.path : `${view.path}?${view.query}`
    return headerHolds(lists, [full], action)
  }
  if (header !== undefined) return headerHolds(lists, view.header(header), action)
  if (key === 'connection.sni') {
    const name = view.serverName === null ? [] : [view.serverName.toLowerCase()]
    const lower = (list: readonly string[]) => list.map((value) => value.toLowerCase())
    return satisfied(lists, (list) => anyOf(lower(list), name))
  }
  return satisfied(lists, (list) => principalHit(view, list))
}

function ruleHolds(rule: PolicyRule, view: RequestView, action: string): boolean {
  return (
    (rule.from === undefined || rule.from.some(({ source }) => fieldsHold(source, view))) &&
    (rule.to === undefined || rule.to.some(({ operation }) => fieldsHold(operation, view))) &&
    (rule.when ?? []).every(({ key, ...lists }) => whenHolds(key, lists, view, action))
  )
}

function naiveAllows(policies: readonly PlannedPolicy[], view: RequestView): boolean {
  const enforced = policies.filter(({ dryRun }) => !dryRun)
  const matches = (action: string) =>
    enforced.some(
      (policy) =>
        policy.action === action && policy.rules.some((rule) => ruleHolds(rule, view, action)),
    )
  if (matches('DENY')) return false
  return !enforced.some(({ action }) => action === 'ALLOW') || matches('ALLOW')
}

// Few different values, so that exact ones, prefixes and repeated lines often meet.
const word = fc.constantFrom('a', 'ab', 'b', 'a,b', '', 'CN=a,O=b', 'B')
const pattern = fc
  .oneof(
    { weight: 6, arbitrary: word },
    { weight: 1, arbitrary: word.map((text) => `${text}*`) },
    { weight: 1, arbitrary: word.map((text) => `*${text}`) },
    { weight: 1, arbitrary: fc.constant('*') },
  )
  .filter((text) => text !== '')
const list = (value: fc.Arbitrary<string>) => fc.array(value, { minLength: 1, maxLength: 2 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
const path = fc.constantFrom('/a', '/a/*', '*/b', '/a/{*}', '/{**}', '/a/b', '*')
const block = fc.constantFrom('10.0.0.0/8', '192.0.2.1', '::/0')
const host = fc.constantFrom('a.x', 'A.X', '*.x', 'a.x:*', 'b.x')
const method = fc.constantFrom('GET', 'POST', 'P*', '*')
const port = fc.constantFrom('80', '8443')

/** One or two fields: a rule of many conditions hardly ever matches. */
const fewOf = (fields: Record<string, fc.Arbitrary<string[]>>) =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(fields)), { minLength: 1, maxLength: 2 })
    .chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fields[name] ?? list(word)]))),
    )
const source = fewOf({
  principals: list(pattern),
  notPrincipals: list(pattern),
  ipBlocks: list(block),
  notIpBlocks: list(block),
})
const operation = fewOf({
  hosts: list(host),
  notHosts: list(host),
  methods: list(method),
  notMethods: list(method),
  paths: list(path),
  notPaths: list(path),
  ports: list(port),
  notPorts: list(port),
})
const keys = fc.constantFrom(
  'request.headers[X-A]',
  'request.headers[x-b]',
  'request.headers[:path]',
  'connection.sni',
  'source.principal',
)
const condition = fc
  .record({ key: keys, values: maybe(list(pattern)), notValues: maybe(list(pattern)) })
  .filter(({ values, notValues }) => values !== undefined || notValues !== undefined)
const few = { minLength: 1, maxLength: 2 }
const froms = fc.array(fc.record({ source }), few)
const tos = fc.array(fc.record({ operation }), few)
const whens = fc.array(condition, few)
const rule = fc.oneof(
  fc.record({ from: froms }),
  fc.record({ to: tos }),
  fc.record({ when: whens }),
  fc.record({ from: maybe(froms), to: maybe(tos), when: maybe(whens) }),
)
const policies = fc
  .array(
    fc.record({
      action: fc.constantFrom('ALLOW', 'ALLOW', 'DENY', 'AUDIT'),
      rules: fc.array(rule, few),
      dryRun: fc.integer({ max: 4, min: 0 }).map((one) => one === 0),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((specs) => specs.map(planned))

function planned(
  { action, rules, dryRun }: { action: string; rules: unknown[]; dryRun: boolean },
  index: number,
): PlannedPolicy {
  const metadata = { name: `p${index}`, namespace: 'ns' }
  const parsed = authorizationPolicySchema.parse({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata,
    spec: { action, rules },
  })
  return {
    id: `sub/ns/p${index}`,
    name: `ns/p${index}`,
    namespace: 'ns',
    action: parsed.spec.action as PlannedPolicy['action'],
    dryRun,
    rules: parsed.spec.rules ?? [],
  }
}

const lines = fc.oneof(fc.array(word, { maxLength: 3 }), fc.constant(['a', 'b']))
const view = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'get'),
    authority: fc.constantFrom('a.x', 'A.x', 'a.x:81', 'b.x'),
    path: fc.constantFrom('/a', '/a/b', '/a/', '/b', '/'),
    query: fc.constantFrom(null, '', 'a'),
    sourceAddress: fc.constantFrom('10.1.2.3', '192.0.2.1', '::1'),
    authenticated: fc.boolean(),
    principals: fc.array(word, { maxLength: 2 }),
    serverName: fc.constantFrom(null, 'a', 'AB'),
    destinationPort: fc.constantFrom(80, 8443),
    'x-a': lines,
    'x-b': lines,
  })
  .map(({ 'x-a': a, 'x-b': b, ...parts }) =>
    requestView({ ...parts, headers: { 'x-a': a, 'x-b': b } }),
  )

test('an indexed policy set decides as a plain reading of every rule does', () => {
  fc.assert(
    fc.property(policies, fc.array(view, { minLength: 8, maxLength: 8 }), (set, views) => {
      const compiled = compilePolicySet(
        { policies: set.map(({ id }) => id), error: null },
        new Map(set.map((entry) => [entry.id, entry])),
        { point: 'gateway', names: new WeakMap() },
      )
      for (const one of views) {
        const decision = compiled.decide(one)
        expect(decision.allowed).toBe(naiveAllows(set, one))
        const matched = compiled.trace(one).filter((entry) => entry.matched)
        if (decision.policy !== null) {
          expect(matched.map(({ name }) => name)).toContain(decision.policy)
        }
      }
    }),
    { numRuns: 2_000 },
  )
})
