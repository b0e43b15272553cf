/** Whether values of a request meet the list of a rule. */
export interface ValueMatcher {
  matches(values: readonly string[]): boolean
  /** The exact values if there is nothing but them, for an index; else `null`. */
  readonly exact: readonly string[] | null
}

/** How `*` is read: headers may be empty, everything else may not (gateway.md section 11.4). */
export type Presence = 'present' | 'non-empty'

/**
 * Matcher for the string forms `abc`, `abc*`, `*abc`, `*`. Exact values are looked up, so their
 * number does not matter; prefixes and suffixes are tried one by one.
 */
export function compileValues(list: readonly string[], presence: Presence): ValueMatcher {
  const exact = new Set<string>()
  const prefixes: string[] = []
  const suffixes: string[] = []
  let any = false
  for (const value of list) {
    if (value === '*') any = true
    else if (value.endsWith('*')) prefixes.push(value.slice(0, -1))
    else if (value.startsWith('*')) suffixes.push(value.slice(1))
    else exact.add(value)
  }
  const matchesOne = (value: string): boolean =>
    exact.has(value) ||
    (any && (presence === 'present' || value !== '')) ||
    prefixes.some((prefix) => value.startsWith(prefix)) ||
    suffixes.some((suffix) => value.endsWith(suffix))
  const onlyExact = !any && prefixes.length === 0 && suffixes.length === 0
  return { matches: (values) => values.some(matchesOne), exact: onlyExact ? [...exact] : null }
}

/** Matcher for values without wildcards, each brought into the form that requests have. */
export function compileExactValues(
  list: readonly string[],
  form: (value: string) => string,
): ValueMatcher {
  const exact = new Set(list.map(form))
  return { matches: (values) => values.some((value) => exact.has(value)), exact: [...exact] }
}

/** Matcher by a predicate, which no index can help with. */
export function compileTest(test: (value: string) => boolean): ValueMatcher {
  return { matches: (values) => values.some(test), exact: null }
}
