import type { RequestView } from '../compiled.ts'
import type { Attribute } from './policy-attribute.ts'
import type { CompiledRule, Group } from './policy-rule.ts'

/** Rules that need one of a few exact values of one attribute. */
interface Requirement {
  readonly attribute: Attribute
  readonly values: readonly string[]
}

/**
 * Finds a matching rule without looking at every rule: each rule that needs an exact value (a DN, a
 * header, a host) is filed under its rarest such value, and a request only meets the rules filed
 * under its own values. What needs none is tried one by one.
 */
export class PolicyIndex {
  /** One for each attribute that rules are filed under: a handful. */
  readonly #tables: { attribute: Attribute; rules: Map<string, CompiledRule[]> }[] = []
  readonly #others: CompiledRule[] = []

  constructor(rules: readonly CompiledRule[]) {
    const requirements = rules.map(requirementsOf)
    // Most rules have one requirement or none, and nothing to choose.
    const choose = requirements.some(({ length }) => length > 1)
    const frequency = choose ? countValues(requirements) : new Map<string, number>()
    rules.forEach((rule, index) => {
      const own = requirements[index] ?? []
      const best = own.length > 1 ? rarest(own, frequency) : (own[0] ?? null)
      if (best === null) this.#others.push(rule)
      else this.#file(rule, best)
    })
  }

  /** A rule that matches, or `null`. */
  find(view: RequestView): CompiledRule | null {
    for (const { attribute, rules } of this.#tables) {
      for (const value of lookupValues(attribute, view)) {
        const found = firstMatch(rules.get(value), view)
        if (found !== null) return found
      }
    }
    return firstMatch(this.#others, view)
  }

  #file(rule: CompiledRule, { attribute, values }: Requirement): void {
    let table = this.#tables.find((known) => known.attribute.id === attribute.id)
    if (table === undefined) {
      table = { attribute, rules: new Map() }
      this.#tables.push(table)
    }
    for (const value of values) {
      const filed = table.rules.get(value)
      if (filed === undefined) table.rules.set(value, [rule])
      else filed.push(rule)
    }
  }
}

function firstMatch(
  rules: readonly CompiledRule[] | undefined,
  view: RequestView,
): CompiledRule | null {
  if (rules === undefined) return null
  for (const rule of rules) {
    if (rule.matches(view)) return rule
  }
  return null
}

/** Every value a condition could have been met by: lines apart, and joined. */
function lookupValues(attribute: Attribute, view: RequestView): readonly string[] {
  const lines = attribute.read(view)
  return attribute.repeatable && lines.length > 1 ? [...lines, lines.join(',')] : lines
}

function requirementsOf(rule: CompiledRule): Requirement[] {
  return rule.groups.flatMap(requirementsOfGroup)
}

/** A group needs a value of an attribute only if each of its alternatives does. */
function requirementsOfGroup(group: Group): Requirement[] {
  const [first, ...others] = group
  return (first ?? []).flatMap((condition) => {
    const { attribute, exact } = condition
    if (exact === null) return []
    if (others.length === 0) return [{ attribute, values: exact }]
    const rest = others.map(
      (conditions) =>
        conditions.find((entry) => entry.attribute.id === attribute.id && entry.exact !== null)
          ?.exact ?? null,
    )
    if (rest.some((values) => values === null)) return []
    return [
      { attribute, values: [...new Set([...exact, ...rest.flatMap((values) => values ?? [])])] },
    ]
  })
}

function countValues(requirements: readonly (readonly Requirement[])[]): Map<string, number> {
  const frequency = new Map<string, number>()
  for (const { attribute, values } of requirements.flat()) {
    for (const value of values) {
      const key = keyOf(attribute, value)
      frequency.set(key, (frequency.get(key) ?? 0) + 1)
    }
  }
  return frequency
}

function rarest(
  requirements: readonly Requirement[],
  frequency: ReadonlyMap<string, number>,
): Requirement | null {
  let best: { requirement: Requirement; rules: number } | null = null
  for (const requirement of requirements) {
    let rules = 0
    for (const value of requirement.values) {
      rules = Math.max(rules, frequency.get(keyOf(requirement.attribute, value)) ?? 0)
    }
    if (best === null || rules < best.rules) best = { requirement, rules }
  }
  return best?.requirement ?? null
}

function keyOf(attribute: Attribute, value: string): string {
  return `${attribute.id}\0${value}`
}
