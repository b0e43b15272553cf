import { codeBook } from './code-book.ts'
import { holdsControlCharacter } from './control-characters.ts'
import type { DecisionCode } from './decision.ts'
import type { ExplainedPolicy, Hint } from './explanation.ts'

/** What hints are made of. */
export interface HintFacts {
  readonly code: DecisionCode
  readonly policies: readonly ExplainedPolicy[]
}

/**
 * What to do about a refusal: the cure of its code, and for a near miss the change that would have
 * let the request pass, with a command where one exists.
 */
export function hintsFor({ code, policies }: HintFacts): Hint[] {
  const hints: Hint[] = []
  const nearest = nearestPolicy(policies)
  if (code === 'POL_NO_ALLOW_MATCHED' && nearest?.nearMiss) {
    const { wanted, got, key } = nearest.nearMiss
    hints.push({
      text: `Use a client with ${key} = ${wanted}, or change rule ${nearest.rule} of policy ${nearest.name}.`,
      command: got !== null && isName(wanted) && isName(got) ? compareCommand(wanted, got) : null,
    })
  }
  if (hints.length === 0) hints.push(splitCommand(codeBook[code].cure))
  return hints
}

/** The policy whose rule lacked only one clause, the first such; `null` when none was that near. */
export function nearestPolicy(policies: readonly ExplainedPolicy[]): ExplainedPolicy | null {
  return policies.find((policy) => !policy.matched && policy.nearMiss !== null) ?? null
}

function splitCommand(cure: string): Hint {
  const at = cure.lastIndexOf(': twinlatch ')
  return at < 0
    ? { text: cure, command: null }
    : { text: `${cure.slice(0, at)}.`, command: cure.slice(at + 2) }
}

function compareCommand(wanted: string, got: string): string {
  return `twinlatch dn compare ${quoteForShell(wanted)} ${quoteForShell(got)}`
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9.]+=/.test(text) && !holdsControlCharacter(text)
}

// Values come from the peer and are meant to be pasted into a shell: single quotes, and nothing
// inside them means anything (POSIX sh section 2.2.2).
function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
