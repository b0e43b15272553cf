import { RE2JS } from 're2js'
import { GatewayError } from './errors.ts'

/**
 * A predicate for RE2 expressions that must match the whole text, in time linear to the text
 * (gateway.md section 6.1). Look-around and back-references are refused, as RE2 does.
 */
export function compileRegex(pattern: string): (text: string) => boolean {
  try {
    // The group keeps an alternation from escaping the anchors.
    const compiled = RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL)
    // A pattern such as `a)|(?:b` would close our group and lose the anchors.
    RE2JS.compile(pattern)
    return (text) => compiled.matches(text)
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('gateway/regex', `not an RE2 expression: ${detail}`, { cause })
  }
}
