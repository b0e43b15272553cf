import { WireError } from '../errors.ts'
import type { HeaderLines } from '../exchange.ts'

/**
 * Field lines of a header or trailer section (RFC 9112 section 5), from the text between the start
 * line and the empty line, without line ends at its ends. Only CRLF ends a line; folded lines, white
 * space before the colon, control characters and names that are no token are refused: a recipient
 * that repairs them sees another message than the next one.
 */
export function parseFieldLines(text: string, linesMax: number): HeaderLines {
  if (text === '') return []
  const lines = text.split('\r\n')
  if (lines.length > linesMax) throw protocolError(`more than ${linesMax} header lines`)
  return lines.map(parseFieldLine)
}

function parseFieldLine(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw protocolError('a header line without a valid name')
  }
  const value = trimWhiteSpace(line, colon + 1)
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw protocolError(`a control character in the value of ${name}`)
  }
  return [name, value]
}

/** Optional white space is space and tab, nothing else (RFC 9110 section 5.6.3); linear in the line. */
function trimWhiteSpace(line: string, from: number): string {
  let start = from
  let end = line.length
  while (start < end && isWhiteSpace(line.charCodeAt(start))) start += 1
  while (end > start && isWhiteSpace(line.charCodeAt(end - 1))) end -= 1
  return line.slice(start, end)
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** The peer does not speak HTTP/1.1 as RFC 9112 has it; names what, quotes nothing. */
export function protocolError(what: string): WireError {
  return new WireError('wire/upstream-protocol', `the upstream sent ${what}`)
}
