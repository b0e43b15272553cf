import { GatewayError } from './errors.ts'

/** Most operators in one template: each `{**}` multiplies what has to be tried. */
const operatorsMax = 16

/** Whether a `paths` value is a template rather than a string form (gateway.md section 11.4). */
export function isPathTemplate(text: string): boolean {
  return text.includes('{*}') || text.includes('{**}')
}

/**
 * A predicate for a path template: `{*}` is one segment of at least one character, `{**}` zero or
 * more segments after its slash, and the last operator. Everything else must be path text.
 */
export function compilePathTemplate(template: string): (path: string) => boolean {
  if (!template.startsWith('/')) fail(template, 'a template begins with "/"')
  const segments = template.slice(1).split('/')
  const globs = segments.flatMap((segment, index) => (segment === '{**}' ? [index] : []))
  const operators = segments.filter((segment) => segment === '{*}' || segment === '{**}')
  if (operators.length > operatorsMax) fail(template, `more than ${operatorsMax} operators`)
  if (globs.length > 1 || (globs.length === 1 && operators.at(-1) !== '{**}')) {
    fail(template, '{**} may stand once, as the last operator')
  }
  for (const segment of segments) {
    if (segment === '{*}' || segment === '{**}') continue
    if (!/^([A-Za-z0-9\-._~!$&'()+,;=:@]|%[0-9a-fA-F]{2})*$/.test(segment)) {
      fail(template, `"${segment}" is neither text nor a whole {*} or {**}`)
    }
  }
  const glob = globs[0]
  return glob === undefined
    ? (path) => fits(segments, split(path))
    : (path) => fitsAround(segments.slice(0, glob), segments.slice(glob + 1), split(path))
}

function split(path: string): string[] | null {
  return path.startsWith('/') ? path.slice(1).split('/') : null
}

function fits(pattern: readonly string[], segments: readonly string[] | null): boolean {
  return (
    segments !== null &&
    segments.length === pattern.length &&
    pattern.every((part, index) => fitsSegment(part, segments[index] ?? ''))
  )
}

/** `{**}` between `before` and `after` stands for at least one, possibly empty, piece. */
function fitsAround(
  before: readonly string[],
  after: readonly string[],
  segments: readonly string[] | null,
): boolean {
  if (segments === null || segments.length < before.length + 1 + after.length) return false
  return (
    fits(before, segments.slice(0, before.length)) &&
    fits(after, after.length === 0 ? [] : segments.slice(-after.length))
  )
}

function fitsSegment(part: string, segment: string): boolean {
  return part === '{*}' ? segment !== '' : part === segment
}

function fail(template: string, message: string): never {
  throw new GatewayError('gateway/path-template', `path template "${template}": ${message}`)
}
