import type { HeaderLines } from '@twinlatch/wire'
import { canonicalHeaderName } from '../canonical-header.ts'
import type { HeaderValues } from '../compiled.ts'
import { isPeerOperator, type LocalIdentity } from '../header-operators.ts'
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
  const removed = new Set(
    (operations.remove ?? []).filter(usable).map((name) => name.toLowerCase()),
  )
  // The same name twice in one `set`, in two spellings: the last wins.
  const set = [
    ...new Map(changesOf(operations.set, usable).map((change) => [change.lower, change])).values(),
  ]
  const add = changesOf(operations.add, usable)
  return {
    peerFilled: [...set, ...add]
      .filter(({ template }) => template.operators.some(isPeerOperator))
      .map(({ name }) => canonicalHeaderName(name)),
    apply(lines, values) {
      const left =
        removed.size === 0 ? lines : lines.filter(([name]) => !removed.has(name.toLowerCase()))
      const requestLines = direction === 'request' ? left : null
      const format = ({ name, lower, template }: Change) => ({
        name,
        lower,
        value: template.format({ values, requestLines, local }),
      })
      const settled = set.map(format).filter(({ value }) => value !== '')
      const added = add.map(format).filter(({ value }) => value !== '')
      const replaced = new Set(settled.map(({ lower }) => lower))
      const kept =
        replaced.size === 0 ? left : left.filter(([name]) => !replaced.has(name.toLowerCase()))
      return [...kept, ...[...settled, ...added].map(({ name, value }) => [name, value] as const)]
    },
  }
}

function changesOf(
  map: Readonly<Record<string, string>> | undefined,
  usable: (name: string) => boolean,
): Change[] {
  return Object.entries(map ?? {})
    .filter(([name]) => usable(name))
    .map(([name, text]) => ({ name, lower: name.toLowerCase(), template: parseHeaderValue(text) }))
}
