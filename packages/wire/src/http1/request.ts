import type { HeaderLines } from '../header-lines.ts'
import { parseFieldLines } from './field-lines.ts'
import { badRequest, RequestRefusal, requestFault } from './request-fault.ts'

/** A request head as it came, before any of it is believed. */
export interface RawRequestHead {
  readonly method: string
  readonly target: string
  /** `major.minor`. */
  readonly version: string
  readonly headers: HeaderLines
  /** What it was parsed from. */
  readonly text: string
}

type RequestLine = Pick<RawRequestHead, 'method' | 'target' | 'version'>

/**
 * Parses a request head from its latin1 text, with the CRLF of its last line. Throws a
 * `RequestRefusal` for every line that RFC 9112 sections 3 and 5 do not allow; nothing is repaired.
 */
export function parseRequestHead(text: string): RawRequestHead {
  const lineEnd = text.indexOf('\r\n')
  const { method, target, version } = parseRequestLine(text.slice(0, lineEnd))
  const headers = parseFieldLines(text, lineEnd + 2, badRequest)
  return { method, target, version, headers, text }
}

/**
 * Method, target and version with exactly one space between them (RFC 9112 section 3). The version
 * is looked at first: who speaks another one cannot be expected to know the rest.
 */
export function parseRequestLine(line: string): RequestLine {
  const first = line.indexOf(' ')
  const second = line.indexOf(' ', first + 1)
  if (second === -1) throw noVersion(first === -1 ? '' : line.slice(first + 1))
  const method = line.slice(0, first)
  const target = line.slice(first + 1, second)
  const version = line.slice(second + 1)
  if (method === '' || target === '' || version.includes(' ')) {
    throw badRequest('a request line that is not method, target and version')
  }
  if (version === 'HTTP/1.1') return { method, target, version: '1.1' }
  if (!/^HTTP\/[0-9]\.[0-9]$/.test(version)) throw badRequest('a version that is none')
  return { method, target, version: version.slice('HTTP/'.length) }
}

/** HTTP/0.9 is a method and a path, and nothing follows (RFC 1945 section 5). */
function noVersion(target: string): RequestRefusal {
  return /^\/[\x21-\x7e]*$/.test(target)
    ? new RequestRefusal(requestFault(426, 'HTTP/0.9 in the request line'))
    : badRequest('a request line that is not method, target and version')
}
