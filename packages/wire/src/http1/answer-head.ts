import { STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import { WireError } from '../errors.ts'
import type { ResponseHead } from '../exchange.ts'
import { isNamed } from '../header-lines.ts'
import { withoutHopByHop } from './hop-by-hop.ts'
import { renderHead } from './sent-head.ts'

/** The head of an answer as latin1 text, with the empty line, and how its body is framed. */
export interface AnswerHead {
  readonly text: string
  readonly framing: 'none' | 'length' | 'chunked'
  /** Bytes of the body when `framing` is `length`. */
  readonly length: number
}

/**
 * Head of an answer to a request with `method`. Hop-by-hop fields go; framing is ours: the length of
 * bytes that we hold is ours to say, the one announced for a stream is kept (and must be kept to), a
 * stream without one goes in chunks. An answer that has no body by its method or status keeps what
 * it announces (RFC 9110 section 6.4.1). Throws `wire/malformed-message` rather than write a line
 * that could be read as two.
 */
export function renderAnswerHead(
  { status, headers }: Pick<ResponseHead, 'status' | 'headers'>,
  options: {
    method: string
    content: Readable | Uint8Array | undefined
    /** Value of the `Date` line, if the answer has none of its own. */
    date: string
    close: boolean
  },
): AnswerHead {
  // After 1xx a client waits on, and takes the answer to its next request for this one.
  if (!Number.isInteger(status) || status < 200 || status > 999) throw malformed('a status')
  const rows = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}`]
  let announced: string | null = null
  let dated = false
  for (const [name, value] of withoutHopByHop(headers)) {
    if (isNamed(name, 'content-length')) {
      // Twice is none: nobody could say which one is meant.
      announced = announced === null ? value : ''
      continue
    }
    dated ||= isNamed(name, 'date')
    rows.push(`${name}: ${value}`)
  }
  const { line, framing, length } = framingOf(status, options, announced)
  if (line !== '') rows.push(line)
  if (!dated) rows.push(`date: ${options.date}`)
  if (options.close) rows.push('connection: close')
  const text = renderHead('answer', rows)
  if (text === null) throw malformed('a header line')
  return { text, framing, length }
}

function framingOf(
  status: number,
  { method, content }: { method: string; content: Readable | Uint8Array | undefined },
  announced: string | null,
): Omit<AnswerHead, 'text'> & { line: string } {
  const length = announced !== null && /^[0-9]{1,15}$/.test(announced) ? Number(announced) : null
  const none = (line: string) => ({ framing: 'none', length: 0, line }) as const
  if (status === 204) return none('')
  const bytes = content instanceof Uint8Array ? content.length : content === undefined ? 0 : null
  if (method === 'HEAD' || status === 304) {
    if (length !== null) return none(lengthLine(length))
    // An empty body may stand for one whose length nobody has said.
    return none(bytes === null || bytes === 0 ? '' : lengthLine(bytes))
  }
  if (bytes !== null) return { framing: 'length', length: bytes, line: lengthLine(bytes) }
  return length === null
    ? { framing: 'chunked', length: 0, line: 'transfer-encoding: chunked' }
    : { framing: 'length', length, line: lengthLine(length) }
}

function lengthLine(bytes: number): string {
  return `content-length: ${bytes}`
}

function malformed(what: string): WireError {
  return new WireError('wire/malformed-message', `${what} that cannot be sent`)
}

/** The current time as in RFC 9110 section 5.6.7, worked out once a second. */
export class HttpDate {
  #second = -1
  #text = ''

  now(): string {
    const second = Math.floor(Date.now() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1_000).toUTCString()
    }
    return this.#text
  }
}
