import { RE2JS } from 're2js'
import { GatewayError } from './errors.ts'
import { regexSize } from './regex-size.ts'

/** Bounds of one expression: compiling costs its length, matching its steps times the path's length. */
const regexLimits = {
  /** Longer ones list paths, which are routes of their own. */
  charactersMax: 1024,
  /** Instructions of the program: with these a path of 60 KiB takes at most some 50 ms. */
  stepsMax: 1000,
} as const

/**
 * A predicate for RE2 expressions that must match the whole text, in time linear to the text
 * (gateway.md section 6.1). Look-around and back-references are refused, as RE2 does.
 */
export function compileRegex(pattern: string): (text: string) => boolean {
  if (pattern.length > regexLimits.charactersMax) {
    throw tooLarge(`more than ${regexLimits.charactersMax} characters`)
  }
  if (regexSize(pattern) > 2 * regexLimits.stepsMax) throw tooManySteps()
  if (foldsBeyondAscii(pattern)) {
    throw tooLarge('letters of any case (?i) beyond ASCII')
  }
  try {
    // The group keeps an alternation from escaping the anchors.
    const compiled = RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL)
    // A pattern such as `a)|(?:b` would close our group and lose the anchors.
    RE2JS.compile(pattern)
    if (compiled.programSize() > regexLimits.stepsMax) throw tooManySteps()
    return (text) => compiled.matches(text)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('gateway/regex', `not an RE2 expression: ${detail}`, { cause })
  }
}

/** Every letter of a range is looked up by itself, and paths and names of hosts are ASCII anyway. */
function foldsBeyondAscii(pattern: string): boolean {
  return /\(\?[a-zA-Z]*i/.test(pattern) && /[^\0-\x7f]|\\x\{/.test(pattern)
}

function tooManySteps(): GatewayError {
  return tooLarge(`more than ${regexLimits.stepsMax} steps once its repeats are written out`)
}

function tooLarge(what: string): GatewayError {
  return new GatewayError('gateway/regex', `an expression of ${what}: use several routes instead`)
}
