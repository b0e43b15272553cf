/** One HTTP/1.1 message as bytes (latin1 text), taken apart without repairing anything. */
export interface RawMessage {
  readonly startLine: string
  /** Header lines as sent, without their line ends. */
  readonly lines: readonly string[]
  readonly body: string
}

/** The whole messages at the start of a text, and what is left behind them. */
export interface Split {
  readonly messages: readonly RawMessage[]
  readonly rest: string
}

/** Requests, framed by length or chunks and by nothing else. */
export function splitRequests(text: string): Split {
  return split(text, (_line, head) => bodyKind(head))
}

/**
 * Answers to requests of these methods, in order. Interim answers are messages of their own; one
 * that ends with the connection takes the rest of the text.
 */
export function splitAnswers(text: string, methods: readonly string[], ended: boolean): Split {
  const waiting = [...methods]
  return split(text, (line, head) => {
    const status = Number(line.split(' ')[1])
    if (status < 200) return { kind: 'none', length: 0 }
    const method = waiting.shift()
    if (method === 'HEAD' || status === 204 || status === 304) return { kind: 'none', length: 0 }
    const body = bodyKind(head)
    if (body.kind === 'none')
      return ended ? { kind: 'rest', length: 0 } : { kind: 'length', length: Infinity }
    return body
  })
}

/** `length` in bytes, of `length` only. */
interface BodyKind {
  readonly kind: 'none' | 'chunked' | 'rest' | 'length'
  readonly length: number
}

function split(text: string, kindOf: (startLine: string, head: string) => BodyKind): Split {
  const messages: RawMessage[] = []
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return { messages, rest }
    const [startLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const taken = takeBody(rest.slice(end + 4), kindOf(startLine, lines.join('\r\n')))
    if (taken === null) return { messages, rest }
    messages.push({ startLine, lines, body: taken.body })
    rest = taken.rest
  }
}

function bodyKind(head: string): BodyKind {
  if (/^transfer-encoding: *chunked$/im.test(head)) return { kind: 'chunked', length: 0 }
  const length = /^content-length: *([0-9]+)$/im.exec(head)?.[1]
  return length === undefined
    ? { kind: 'none', length: 0 }
    : { kind: 'length', length: Number(length) }
}

/** The body at the start of a text, or `null` while it is not there to its end. */
function takeBody(text: string, kind: BodyKind): { body: string; rest: string } | null {
  if (kind.kind === 'none') return { body: '', rest: text }
  if (kind.kind === 'rest') return { body: text, rest: '' }
  if (kind.kind === 'chunked') return takeChunks(text)
  if (text.length < kind.length) return null
  return { body: text.slice(0, kind.length), rest: text.slice(kind.length) }
}

function takeChunks(text: string): { body: string; rest: string } | null {
  let body = ''
  let at = 0
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 20))
    if (!size?.[1]) return null
    const start = at + size[0].length
    const end = start + Number.parseInt(size[1], 16)
    if (text.slice(end, end + 2) !== '\r\n') return null
    if (end === start) return { body, rest: text.slice(end + 2) }
    body += text.slice(start, end)
    at = end + 2
  }
}
