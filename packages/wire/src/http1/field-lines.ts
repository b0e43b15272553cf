import { WireError } from '../errors.ts'
import type { HeaderLines } from '../header-lines.ts'

/** Makes the error for bytes that are no HTTP/1.1 message; `what` names them and quotes nothing. */
export type Refuse = (what: string) => Error

/** The peer does not speak HTTP/1.1 as RFC 9112 has it; names what, quotes nothing. */
export function protocolError(what: string): WireError {
  return new WireError('wire/upstream-protocol', `the upstream sent ${what}`)
}

/**
 * Field lines of a header or trailer section (RFC 9112 section 5) from `start` to the end of the
 * text, each with the CRLF that ends it. Only CRLF ends a line; folded lines, white space before the
 * colon, control characters and names that are no token are refused: a recipient that repairs them
 * sees another message than the next one. The text is latin1: one character a byte.
 */
export function parseFieldLines(
  text: string,
  start: number,
  refuse: Refuse = protocolError,
): HeaderLines {
  if (!areFieldLines(text, start)) throw refuse(describeFault(text, start))
  const lines: (readonly [string, string])[] = []
  for (let begin = start; begin < text.length; ) {
    const colon = text.indexOf(':', begin)
    // One character is found faster than two, and there is no line feed without its carriage return.
    const lineFeed = text.indexOf('\n', colon)
    lines.push([text.slice(begin, colon), trimmed(text, colon + 1, lineFeed - 1)])
    begin = lineFeed + 1
  }
  return lines
}

/** RFC 9110 section 5.6.2. */
export function isToken(text: string): boolean {
  return token.test(text)
}

// RFC 9110 sections 5.1 and 5.5: a token, then visible characters, space, tab, bytes above 0x7f. No
// character of one part can begin the next, so that this is linear for any text.
const tokenSource = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const linesSource = `(?:${tokenSource}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)*`
const fieldLines = new RegExp(`${linesSource}$`, 'y')
const token = new RegExp(`^${tokenSource}$`)

/** For patterns of a whole head: sources of a token, and of any number of field lines. */
export const headSources = { token: tokenSource, lines: linesSource }

function areFieldLines(text: string, start: number): boolean {
  fieldLines.lastIndex = start
  return fieldLines.test(text)
}

/** Names the field of the first bad line, never quotes its value. */
function describeFault(text: string, start: number): string {
  const bad = text
    .slice(start)
    .split('\r\n')
    .find((line) => !areFieldLines(`${line}\r\n`, 0))
  const name = bad?.slice(0, Math.max(0, bad.indexOf(':'))) ?? ''
  return isToken(name)
    ? `a control character in the value of ${name}`
    : 'a header line without a valid name'
}

/** Optional white space is space and tab, nothing else (RFC 9110 section 5.6.3); linear in the line. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start += 1
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
