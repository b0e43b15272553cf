/** One conversation: what a client sends, what it gets, and what of it reaches the origin. */
export interface RequestCase {
  readonly name: string
  /** Bytes as latin1 text. */
  readonly send: string
  /** Status of each final answer, in order. */
  readonly answers: readonly number[]
  /** Text of the last answer, where the row says it. */
  readonly body?: string
  /** Start line and body of each whole request at the origin, in order. */
  readonly origin: readonly string[]
  /** How often a handler may have been asked; the number of requests at the origin unless given. */
  readonly runs?: { readonly min: number; readonly max: number }
  /** Whether a request behind this one is served, or the connection ends. */
  readonly end: 'goes on' | 'refused'
  /** Parts that the head at the origin must have, or must not have. */
  readonly has?: readonly string[]
  readonly lacks?: readonly string[]
}

/** The Host line of every request that is not about Host. */
export const H = 'Host: edge.test.localhost\r\n'

/** The request that an attacker hides: it must never reach the origin as one. */
export const hidden = `GET /smuggled HTTP/1.1\r\n${H}\r\n`

/** A request with nothing in it but these lines; each without its line end. */
export function get(...lines: readonly string[]): string {
  return `GET / HTTP/1.1\r\n${H}${lines.map((line) => `${line}\r\n`).join('')}\r\n`
}

/** A POST with these lines and this body. */
export function post(lines: readonly string[], body = ''): string {
  return `POST / HTTP/1.1\r\n${H}${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`
}

/** A POST whose body is these chunks. */
export function chunked(body: string): string {
  return post(['Transfer-Encoding: chunked'], body)
}

const texts: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [403, ''],
  [404, ''],
  [426, 'Upgrade Required'],
  [431, 'Request Header Fields Too Large'],
  [501, 'Not Implemented'],
])

/** Refused before any handler; nothing reaches the origin, nothing behind it is looked at. */
export function refused(
  name: string,
  send: string,
  status = 400,
  body = texts.get(status) ?? '',
): RequestCase {
  return { name, send, answers: [status], body, origin: [], end: 'refused' }
}

/** A body whose framing breaks: 400 and closed; a handler may run, the origin gets no whole request. */
export function broken(name: string, body: string): RequestCase {
  return {
    name,
    send: chunked(body),
    answers: [400],
    body: 'Bad Request',
    origin: [],
    runs: { min: 0, max: 1 },
    end: 'refused',
  }
}

/** Served: the origin sees exactly these requests (`GET / HTTP/1.1` unless given), each answered 200. */
export function passed(
  name: string,
  send: string,
  more: Partial<Pick<RequestCase, 'origin' | 'has' | 'lacks'>> = {},
): RequestCase {
  const origin = more.origin ?? ['GET / HTTP/1.1']
  return { name, send, ...more, origin, answers: origin.map(() => 200), end: 'goes on' }
}
