import type { RequestView } from '../compiled.ts'
import type { PolicyRule } from '../istio/authorization-policy.ts'
import type { PlannedPolicy } from '../plan/types.ts'
import { parsePolicyKey } from '../policy-key.ts'
import {
  type Attribute,
  attributeOfKey,
  fieldAttributes,
  type NameKeys,
} from './policy-attribute.ts'
import type { ValueMatcher } from './policy-value.ts'

/** One field with its `not` twin: both hold together. */
export interface Condition {
  /** `when[0]`, `to[0].operation`. */
  readonly clause: string
  /** `request.headers[X-Client-Ssl-Cn]`, `hosts`. */
  readonly key: string
  readonly attribute: Attribute
  readonly values: readonly string[] | null
  readonly notValues: readonly string[] | null
  readonly exact: readonly string[] | null
  holds(view: RequestView): boolean
}

/** Alternatives of `from` or `to`, or one condition of `when`: one alternative must hold as a whole. */
export type Group = readonly (readonly Condition[])[]

/** One rule of a policy, ready to be evaluated. */
export interface CompiledRule {
  /** `namespace/name`. */
  readonly policy: string
  readonly action: PlannedPolicy['action']
  readonly dryRun: boolean
  readonly index: number
  /** All of them hold together. */
  readonly groups: readonly Group[]
  matches(view: RequestView): boolean
}

/**
 * The rules of a policy; none for a policy that matches nothing (gateway.md section 11.3). Compiled
 * once for all workloads and generations: a name takes longer to read than to compare.
 */
export function compileRules(policy: PlannedPolicy, names: NameKeys): readonly CompiledRule[] {
  remembered ??= new WeakMap()
  const known = remembered.get(policy.rules)
  if (
    known !== undefined &&
    known.policy.name === policy.name &&
    known.policy.action === policy.action &&
    known.policy.dryRun === policy.dryRun
  ) {
    return known.rules
  }
  const rules = policy.rules.map((rule, index) => compileRule(policy, index, rule, names))
  remembered.set(policy.rules, { policy, rules })
  return rules
}

let remembered:
  | WeakMap<
      PlannedPolicy['rules'],
      { readonly policy: PlannedPolicy; readonly rules: readonly CompiledRule[] }
    >
  | undefined

function compileRule(
  policy: PlannedPolicy,
  index: number,
  rule: PolicyRule,
  names: NameKeys,
): CompiledRule {
  // A repeated header counts for ALLOW only if both readings agree, for the rest if one does.
  const groups = groupsOf(rule, policy.action === 'ALLOW', names)
  return {
    policy: policy.name,
    action: policy.action,
    dryRun: policy.dryRun,
    index,
    groups,
    matches: (view) => holdEach(groups, view),
  }
}

function holdEach(groups: readonly Group[], view: RequestView): boolean {
  for (const group of groups) {
    if (!holdsOne(group, view)) return false
  }
  return true
}

function holdsOne(group: Group, view: RequestView): boolean {
  for (const conditions of group) {
    if (holdsAll(conditions, view)) return true
  }
  return false
}

function holdsAll(conditions: readonly Condition[], view: RequestView): boolean {
  for (const condition of conditions) {
    if (!condition.holds(view)) return false
  }
  return true
}

function groupsOf(rule: PolicyRule, both: boolean, names: NameKeys): Group[] {
  const groups: Group[] = []
  if (rule.from !== undefined) {
    groups.push(
      rule.from.map(({ source }, index) => conditionsOf(source, `from[${index}].source`, both)),
    )
  }
  if (rule.to !== undefined) {
    groups.push(
      rule.to.map(({ operation }, index) =>
        conditionsOf(operation, `to[${index}].operation`, both),
      ),
    )
  }
  rule.when?.forEach(({ key, values, notValues }, index) => {
    const attribute = attributeOfKey(parsePolicyKey(key), names)
    const lists = { values: values ?? null, notValues: notValues ?? null }
    groups.push([[condition({ clause: `when[${index}]`, key, attribute, both, ...lists })]])
  })
  return groups
}

/** The fields of a source or an operation, each with its `notX`. */
function conditionsOf(
  fields: Readonly<Record<string, readonly string[] | undefined>>,
  clause: string,
  both: boolean,
): Condition[] {
  return [...fieldAttributes].flatMap(([key, attribute]) => {
    const values = fields[key] ?? null
    const notValues = fields[`not${key.charAt(0).toUpperCase()}${key.slice(1)}`] ?? null
    if (values === null && notValues === null) return []
    return [condition({ clause, key, attribute, values, notValues, both })]
  })
}

function condition(parts: {
  readonly clause: string
  readonly key: string
  readonly attribute: Attribute
  readonly values: readonly string[] | null
  readonly notValues: readonly string[] | null
  readonly both: boolean
}): Condition {
  const { clause, key, attribute, values, notValues, both } = parts
  const positive = values === null ? null : attribute.compile(values)
  const negative = notValues === null ? null : attribute.compile(notValues)
  return {
    clause,
    key,
    attribute,
    values,
    notValues,
    exact: positive?.exact ?? null,
    holds(view) {
      const lines = attribute.read(view)
      const apart = satisfies(lines, positive, negative)
      if (!attribute.repeatable || lines.length < 2) return apart
      const joined = satisfies([lines.join(',')], positive, negative)
      return both ? apart && joined : apart || joined
    },
  }
}

/** A missing value meets no list, so `notValues` alone is true for it (gateway.md section 11.4). */
function satisfies(
  values: readonly string[],
  positive: ValueMatcher | null,
  negative: ValueMatcher | null,
): boolean {
  return (
    (positive === null || positive.matches(values)) &&
    (negative === null || !negative.matches(values))
  )
}
