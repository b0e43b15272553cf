import type { StringMatch } from '../field.ts'
import { compileRegex } from '../regex.ts'

/** A predicate for exact, prefix or regex; `null` for an empty match, which means "present". */
export function compileStringMatch(
  match: StringMatch,
  options: { readonly ignoreCase?: boolean | undefined } = {},
): ((text: string) => boolean) | null {
  const { exact, prefix, regex } = match
  if (regex !== undefined) return compileRegex(regex)
  const fold = options.ignoreCase ? (text: string) => text.toLowerCase() : (text: string) => text
  if (exact !== undefined) {
    const wanted = fold(exact)
    return (text) => fold(text) === wanted
  }
  if (prefix !== undefined) {
    const wanted = fold(prefix)
    return (text) => fold(text).startsWith(wanted)
  }
  return null
}
