import type { RequestView } from '../compiled.ts'
import type { HttpMatch } from '../istio/virtual-service-match.ts'
import { compileStringMatch } from './string-match.ts'

type Condition = (view: RequestView) => boolean

/** All conditions of one match item as one predicate (gateway.md section 6.1). */
export function compileRouteMatch(match: HttpMatch | null): Condition {
  const conditions = match === null ? [] : conditionsOf(match)
  // A match without uri is the prefix "/", which the asterisk form of OPTIONS is not.
  if (match?.uri === undefined) conditions.unshift((view) => view.path.startsWith('/'))
  return (view) => conditions.every((condition) => condition(view))
}

function conditionsOf(match: HttpMatch): Condition[] {
  const conditions: Condition[] = []
  const text = (
    wanted: HttpMatch['uri'],
    read: (view: RequestView) => string,
    ignoreCase?: boolean | undefined,
  ) => {
    const holds = wanted === undefined ? null : compileStringMatch(wanted, { ignoreCase })
    if (holds !== null) conditions.push((view) => holds(read(view)))
  }
  text(match.method, (view) => view.method)
  text(match.uri, (view) => view.path, match.ignoreUriCase)
  text(match.scheme, (view) => view.scheme)
  text(match.authority, (view) => view.authority)
  for (const [name, wanted] of Object.entries(match.headers ?? {})) {
    conditions.push(withHeader(name.toLowerCase(), compileStringMatch(wanted)))
  }
  for (const [name, wanted] of Object.entries(match.withoutHeaders ?? {})) {
    conditions.push(withoutHeader(name.toLowerCase(), compileStringMatch(wanted)))
  }
  for (const [name, wanted] of Object.entries(match.queryParams ?? {})) {
    conditions.push(withParameter(name, compileStringMatch(wanted)))
  }
  return conditions
}

type Holds = ((text: string) => boolean) | null

/** Each line by itself, one hit is enough; an empty match is "present". */
function withHeader(name: string, holds: Holds): Condition {
  if (holds === null) return (view) => view.header(name).length > 0
  return (view) => view.header(name).some(holds)
}

/** True only if no line matches; a missing header counts as the empty text. */
function withoutHeader(name: string, holds: Holds): Condition {
  if (holds === null) return (view) => view.header(name).length === 0
  return (view) => {
    const lines = view.header(name)
    return lines.length === 0 ? !holds('') : !lines.some(holds)
  }
}

function withParameter(name: string, holds: Holds): Condition {
  return (view) => {
    const value = firstParameter(view.query, name)
    return value !== null && (holds === null || holds(value))
  }
}

/** First value of a parameter as it stands: not decoded, `+` no blank, `;` no separator. */
function firstParameter(query: string | null, name: string): string | null {
  if (query === null) return null
  for (const pair of query.split('&')) {
    if (pair === name) return ''
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1)
  }
  return null
}
