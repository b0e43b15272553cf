import { WireError } from '../errors.ts'
import type { HeaderLines } from '../exchange.ts'

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
  const at = text.search(forbidden)
  if (at !== -1) throw refuse(`a control character ${placeOf(text, start, at)}`)
  const lines: (readonly [string, string])[] = []
  for (let begin = start; begin < text.length; ) {
    const end = text.indexOf('\r\n', begin)
    const colon = endOfToken(text, begin)
    if (colon === begin || text.charCodeAt(colon) !== 0x3a || end < colon) {
      throw refuse('a header line without a valid name')
    }
    lines.push([text.slice(begin, colon), trimWhiteSpace(text, colon + 1, end)])
    begin = end + 2
  }
  return lines
}

/** Names the field, never quotes its value. */
function placeOf(text: string, start: number, at: number): string {
  if (at < start) return 'in the start line'
  const begin = Math.max(start, text.lastIndexOf('\r\n', at) + 2)
  const colon = endOfToken(text, begin)
  const named = colon > begin && colon < at && text.charCodeAt(colon) === 0x3a
  return named ? `in the value of ${text.slice(begin, colon)}` : 'in a header line'
}

/** RFC 9110 section 5.6.2. */
export function isToken(text: string): boolean {
  return text !== '' && endOfToken(text, 0) === text.length
}

/** RFC 9110 section 5.5: visible characters, space, tab and bytes above 0x7f; the text is latin1. */
export function isFieldValue(text: string): boolean {
  return !forbiddenInValue.test(text)
}

// With the line ends that are none, since CRLF is the only one there is: one pass finds all.
const forbidden = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/

const tokenCharacters = tableOf(
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
)

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

/** Where the token that begins at `at` ends. */
function endOfToken(text: string, at: number): number {
  let end = at
  while (tokenCharacters[text.charCodeAt(end)] === 1) end += 1
  return end
}

/** Optional white space is space and tab, nothing else (RFC 9110 section 5.6.3); linear in the line. */
function trimWhiteSpace(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start += 1
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
