import { describeNearMiss, type ExplainedPolicy, type NearMiss } from '@twinlatch/trust'
import { clip } from '../clip.ts'
import type { RequestView } from '../compiled.ts'
import type { PlannedPolicy } from '../plan/types.ts'
import type { CompiledRule, Condition, Group } from './policy-rule.ts'
import { hiddenValue } from './secret-header.ts'

/** Most entries of a trace: a record is read by a person. Matches and near misses come first. */
const entriesMax = 50

/** Most values of one condition that are compared with the request to find the nearest one. */
const candidatesMax = 200

/** Longest value in a record: a name of ten parts is below 300, and nobody reads 60 KiB. */
const valueCharactersMax = 2_048

/**
 * Every rule with whether it matched, and the clause that kept it from matching where it was only
 * one (console-and-cli.md section 3). Slow; for the record of one request.
 */
export function tracePolicies(
  attached: readonly { readonly policy: PlannedPolicy; readonly rules: readonly CompiledRule[] }[],
  view: RequestView,
  point: 'gateway' | 'workload',
): ExplainedPolicy[] {
  const entries = attached.flatMap(({ policy, rules }): ExplainedPolicy[] => {
    const base = {
      name: policy.dryRun ? `${policy.name} (dry run)` : policy.name,
      action: policy.action,
      point,
    }
    // A policy without rules matches nothing and still has to be seen: it denies everything.
    if (rules.length === 0) return [{ ...base, rule: 0, matched: false, nearMiss: null }]
    return rules.map((rule) => {
      const misses = missesOf(rule, view)
      const [only] = misses
      return {
        ...base,
        rule: rule.index,
        matched: misses.length === 0,
        nearMiss: only !== undefined && misses.length === 1 ? nearMissOf(only, view) : null,
      }
    })
  })
  const rank = (entry: ExplainedPolicy) => (entry.matched ? 0 : entry.nearMiss ? 1 : 2)
  if (entries.length <= entriesMax) return entries
  return entries.toSorted((a, b) => rank(a) - rank(b)).slice(0, entriesMax)
}

/** The conditions that failed; of alternatives, those of the one that failed least. */
function missesOf(rule: CompiledRule, view: RequestView): Condition[] {
  return rule.groups.flatMap((group) => leastMisses(group, view))
}

function leastMisses(group: Group, view: RequestView): Condition[] {
  let least: Condition[] | null = null
  for (const conditions of group) {
    const failed = conditions.filter((condition) => !condition.holds(view))
    if (least === null || failed.length < least.length) least = failed
  }
  return least ?? []
}

function nearMissOf(condition: Condition, view: RequestView): NearMiss {
  const { clause, key, attribute } = condition
  const { wanted, got, difference } = comparisonOf(condition, view)
  const shown = {
    clause,
    key,
    wanted: clip(wanted, valueCharactersMax),
    got: got === null ? null : clip(got, valueCharactersMax),
    difference: clip(difference, valueCharactersMax),
  }
  if (!attribute.secret) return shown
  const told = got === null || attribute.read(view).length > 1 ? difference : 'another value'
  return { ...shown, wanted: hiddenValue, got: got === null ? null : hiddenValue, difference: told }
}

function comparisonOf(
  { attribute, values, notValues }: Condition,
  view: RequestView,
): Pick<NearMiss, 'wanted' | 'got' | 'difference'> {
  const got = attribute.show(view)
  const lines = attribute.read(view)
  if (attribute.repeatable && lines.length > 1) {
    return {
      wanted: wantedText(values, notValues),
      got,
      difference: `the header is repeated (${lines.length} lines); a repeated header never passes an ALLOW by one of its lines`,
    }
  }
  if (values === null || (notValues !== null && got !== null && values.includes(got))) {
    const wanted = `not ${(notValues ?? []).slice(0, 3).join(' or ')}`
    return { wanted, got, difference: 'the value is excluded' }
  }
  const wanted = nearest(values, got)
  return { wanted, got, difference: describeNearMiss(wanted, got) }
}

function wantedText(values: readonly string[] | null, notValues: readonly string[] | null): string {
  return values === null ? `not ${notValues?.[0] ?? ''}` : (values[0] ?? '')
}

/** The wanted value that shares most with `got`, by its parts between commas. */
function nearest(values: readonly string[], got: string | null): string {
  const parts = new Set((got ?? '').split(','))
  let best = values[0] ?? ''
  let bestShared = -1
  for (const value of values.slice(0, candidatesMax)) {
    const shared = value.split(',').filter((part) => parts.has(part)).length
    if (shared > bestShared) {
      best = value
      bestShared = shared
    }
  }
  return best
}
