/** Path and query of a request target as routes, policies and workloads see them. */
export interface NormalizedTarget {
  readonly path: string
  /** Text after the first `?`, or `null`. */
  readonly query: string | null
}

/**
 * Path normalisation of gateway.md section 9.3, column "Ours" of BASE: unreserved characters are
 * decoded, `\` becomes `/`, then dot segments go, those with path parameters too; the result is a
 * fixed point. `null` is 400: a NUL, a character that may not stand in a target, or an encoded dot
 * segment that a workload might still find. Linear in the length of `target`. The query stays.
 */
export function normalizePath(target: string): NormalizedTarget | null {
  const hash = target.indexOf('#')
  const withoutFragment = hash === -1 ? target : target.slice(0, hash)
  const mark = withoutFragment.indexOf('?')
  const query = mark === -1 ? null : withoutFragment.slice(mark + 1)
  const raw = mark === -1 ? withoutFragment : withoutFragment.slice(0, mark)
  // OPTIONS in asterisk form (RFC 9112 section 3.2.4) has no path; no route meets it.
  if (raw === '*') return { path: '*', query }
  if (!raw.startsWith('/') || !/^[\x21-\x7e]*$/.test(withoutFragment)) return null
  if (isPlain(raw)) return { path: raw, query }
  const decoded = decodeTriples(raw, isUnreserved)
  if (decoded.includes('%00')) return null
  const escaped = decoded.replaceAll('\\', '/').replace(/["<>|{}^`]/g, encodeCharacter)
  const path = removeDotSegments(escaped)
  return hidesDotSegment(path) ? null : { path, query }
}

/** Most paths need no work: nothing encoded, nothing to encode, no segment that begins with a dot. */
function isPlain(path: string): boolean {
  return !/[%\\"<>|{}^`]|\/\./.test(path)
}

function encodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function isUnreserved(code: number): boolean {
  return /[A-Za-z0-9\-._~]/.test(String.fromCharCode(code))
}

/** What hides a dot segment: `%`, `.`, `/`, `\`, and `;` before its path parameters. */
function isHiding(code: number): boolean {
  return code === 0x25 || code === 0x2e || code === 0x2f || code === 0x3b || code === 0x5c
}

/**
 * Decodes `%XX` of the characters that `wanted` accepts until nothing changes. A decoded character
 * can only complete a triple that began before it, so one pass with a look back reaches the fixed
 * point, whatever the nesting.
 */
function decodeTriples(text: string, wanted: (code: number) => boolean): string {
  const out: string[] = []
  for (const character of text) {
    out.push(character)
    while (out.length >= 3 && out[out.length - 3] === '%') {
      const digits = `${out[out.length - 2]}${out[out.length - 1]}`
      const code = /^[0-9a-fA-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : -1
      if (code === -1 || !wanted(code)) break
      out.splice(-3, 3, String.fromCharCode(code))
    }
  }
  return out.join('')
}

/** RFC 3986 section 5.2.4, where `..;x` counts as `..` and `.;x` as `.`; empty segments count. */
function removeDotSegments(path: string): string {
  const out: string[] = []
  const segments = path.split('/').slice(1)
  segments.forEach((segment, index) => {
    const kind = dots(segment)
    if (kind === 0) out.push(segment)
    else {
      if (kind === 2) out.pop()
      if (index === segments.length - 1) out.push('')
    }
  })
  return `/${out.join('/')}`
}

/** 1 for `.`, 2 for `..`, with or without path parameters; else 0. */
function dots(segment: string): 0 | 1 | 2 {
  const name = segment.split(';', 1)[0]
  if (name === '.') return 1
  return name === '..' ? 2 : 0
}

function hidesDotSegment(path: string): boolean {
  if (!path.includes('%')) return false
  const copy = decodeTriples(path, isHiding).replaceAll('\\', '/')
  return copy.split('/').some((segment) => dots(segment) !== 0)
}
