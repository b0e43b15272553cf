import type { HeaderLines } from '@twinlatch/wire'
import { canonicalHeaderName } from '../canonical-header.ts'
import type { HeaderValues } from '../compiled.ts'
import { isNamed } from '../header-lines.ts'
import { type HeaderContext, isPeerOperator, type LocalIdentity } from '../header-operators.ts'
import { type HeaderTemplate, parseHeaderValue } from '../header-value.ts'
import { type HeaderOperations, isAuthority } from '../istio/virtual-service-headers.ts'

/** One list of operations, ready to run. */
export interface CompiledOperations {
  apply(lines: HeaderLines, values: HeaderValues): HeaderLines
  /** Canonical names filled from the peer certificate (gateway.md section 6.3). */
  readonly peerFilled: readonly string[]
}

interface Change {
  readonly name: string
  readonly lower: string
  readonly template: HeaderTemplate
}

/**
 * Header operations in the order of gateway.md section 6.3: remove, format against what is left,
 * set, add. A value that comes out empty is skipped. `Host` is an authority rewrite, not a line.
 */
export function compileOperations(
  operations: HeaderOperations | undefined,
  direction: 'request' | 'response',
  local: LocalIdentity,
): CompiledOperations | null {
  if (operations === undefined) return null
  const usable = (name: string) =>
    !isAuthority(name) && !(direction === 'response' && name.toLowerCase() === 'server')
  const removed = [
    ...new Set((operations.remove ?? []).filter(usable).map((name) => name.toLowerCase())),
  ]
  // The same name twice in one `set`, in two spellings: the last wins.
  const set = [
    ...new Map(changesOf(operations.set, usable).map((change) => [change.lower, change])).values(),
  ]
  const setNames = set.map(({ lower }) => lower)
  const add = changesOf(operations.add, usable)
  return {
    peerFilled: [...set, ...add]
      .filter(({ template }) => template.operators.some(isPeerOperator))
      .map(({ name }) => canonicalHeaderName(name)),
    apply(lines, values) {
      const left = removed.length === 0 ? lines : without(lines, removed)
      const context = { values, requestLines: direction === 'request' ? left : null, local }
      const fills = filledFrom(set, context)
      const replaced = fills.length === set.length ? setNames : fills.map(({ lower }) => lower)
      const result = replaced.length === 0 ? [...left] : without(left, replaced)
      for (const { name, value } of fills) result.push([name, value])
      for (const { name, value } of filledFrom(add, context)) result.push([name, value])
      return result
    },
  }
}

type Line = HeaderLines[number]

/** Lines whose name is none of `names`, which a manifest lists: a handful. */
function without(lines: HeaderLines, names: readonly string[]): Line[] {
  const left: Line[] = []
  for (const line of lines) {
    if (!names.some((name) => isNamed(line[0], name))) left.push(line)
  }
  return left
}

/** The values of `changes`; one that comes out empty is skipped. */
function filledFrom(changes: readonly Change[], context: HeaderContext) {
  const filled: { readonly name: string; readonly lower: string; readonly value: string }[] = []
  for (const { name, lower, template } of changes) {
    const value = template.format(context)
    if (value !== '') filled.push({ name, lower, value })
  }
  return filled
}

function changesOf(
  map: Readonly<Record<string, string>> | undefined,
  usable: (name: string) => boolean,
): Change[] {
  return Object.entries(map ?? {})
    .filter(([name]) => usable(name))
    .map(([name, text]) => ({ name, lower: name.toLowerCase(), template: parseHeaderValue(text) }))
}
