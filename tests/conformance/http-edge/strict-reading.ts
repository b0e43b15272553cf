const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const value = '[\\t\\x20-\\x7e\\x80-\\xff]*'
const fieldLines = `(?:${token}:${value}\\r\\n)*`
// Empty lines before a request as RFC 9112 section 2.2 has them, and no more than the limit.
const head = new RegExp(
  `^(?:\\r\\n){0,4}(GET|POST) (/[\\x21-\\x7e]*) HTTP/1\\.1\\r\\n(${fieldLines})\\r\\n`,
)
const chunkHead = new RegExp(`^([0-9a-fA-F]{1,16})[ \\t]*(?:;${value})?\\r\\n`)
const trailers = new RegExp(`^${fieldLines}\\r\\n`)

/**
 * The requests that RFC 9112 sees at the start of a text, as method, target and body; the first one
 * that it does not see whole ends the list. Written as grammar, unlike every parser under test.
 */
export function readStrictly(text: string): string[] {
  const requests: string[] = []
  for (let rest = text; ; ) {
    const match = head.exec(rest)
    if (!match) return requests
    const [whole, method, target, lines = ''] = match
    const body = takeBody(rest.slice(whole.length), lines)
    if (body === null) return requests
    requests.push(`${method} ${target} ${body.body}`)
    rest = body.rest
  }
}

function takeBody(text: string, lines: string): { body: string; rest: string } | null {
  const named = (name: string) =>
    [...lines.matchAll(new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r\\n`, 'gim'))].map(
      ([, found = '']) => found,
    )
  const [lengths, codings] = [named('content-length'), named('transfer-encoding')]
  if (named('host').length !== 1 || lengths.length + codings.length > 1) return null
  if (codings[0] !== undefined) return /^chunked$/i.test(codings[0]) ? takeChunks(text) : null
  if (lengths[0] === undefined) return { body: '', rest: text }
  const length = /^[0-9]{1,15}$/.test(lengths[0]) ? Number(lengths[0]) : Number.POSITIVE_INFINITY
  return text.length < length ? null : { body: text.slice(0, length), rest: text.slice(length) }
}

function takeChunks(text: string): { body: string; rest: string } | null {
  let body = ''
  for (let rest = text; ; ) {
    const match = chunkHead.exec(rest)
    if (!match) return null
    const size = Number.parseInt(match[1] ?? '', 16)
    rest = rest.slice(match[0].length)
    if (size === 0) {
      const end = trailers.exec(rest)
      return end ? { body, rest: rest.slice(end[0].length) } : null
    }
    if (rest.slice(size, size + 2) !== '\r\n') return null
    body += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
}
