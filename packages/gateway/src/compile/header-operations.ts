import { type HeaderLines, isNamed } from '@twinlatch/wire'
import { canonicalHeaderName } from '../canonical-header.ts'
import type { HeaderValues } from '../compiled.ts'
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
      // A header whose value came out empty stays as the client sent it.
      const replaced = fills.length === set.length ? setNames : fills.map(lowerNameOf)
      const result = without(left, replaced)
      for (const fill of fills) result.push(fill)
      if (add.length > 0) result.push(...filledFrom(add, context))
      return result
    },
  }
}

type Line = HeaderLines[number]

function lowerNameOf([name]: Line): string {
  return name.toLowerCase()
}

/** Lines whose name is none of `names`, which a manifest lists: a handful. */
function without(lines: HeaderLines, names: readonly string[]): Line[] {
  const left: Line[] = []
  for (const line of lines) {
    if (!isOneOf(line[0], names)) left.push(line)
  }
  return left
}

function isOneOf(name: string, names: readonly string[]): boolean {
  for (const one of names) {
    if (isNamed(name, one)) return true
  }
  return false
}

/** The lines of `changes`; one whose value comes out empty is skipped. */
function filledFrom(changes: readonly Change[], context: HeaderContext): Line[] {
  const filled: Line[] = []
  for (const { name, template } of changes) {
    const value = template.format(context)
    if (value !== '') filled.push([name, value])
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
