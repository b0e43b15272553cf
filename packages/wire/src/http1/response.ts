import { type HeaderLines, isNamed } from '../header-lines.ts'
import { type WireLimits, wireLimits } from '../limits.ts'
import { ChunkedDecoder } from './chunked.ts'
import { parseFieldLines, protocolError } from './field-lines.ts'
import { HeadBuffer } from './head-buffer.ts'
import { elementsOf } from './hop-by-hop.ts'

/** Head of a response, and how its body ends (RFC 9112 section 6.3). */
export interface ParsedResponseHead {
  readonly status: number
  readonly headers: HeaderLines
  /** `close`: the body ends with the connection. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** Bytes of the body when `framing` is `length`. */
  readonly length: number
  /** The connection may carry another exchange once the body has ended. */
  readonly keepAlive: boolean
}

/** Where a response goes while it is being read. */
export interface ResponseSink {
  /** The final head; 1xx heads before it are dropped. */
  onHead(head: ParsedResponseHead): void
  onData(data: Buffer): void
  /** Exactly once; no callback follows. */
  onEnd(): void
}

/**
 * Parses the head of a response to `method` from the text up to the empty line that ends it. Throws
 * `wire/upstream-protocol` for everything that RFC 9112 does not allow, and for what it allows a
 * recipient to repair: a length that is there twice, or beside a transfer coding.
 */
export function parseResponseHead(
  text: string,
  method: string,
  limits: WireLimits = wireLimits,
): ParsedResponseHead {
  if (!statusLine.test(text)) throw protocolError('a status line that is none')
  const minor = text.slice(7, 8)
  const status = Number(text.slice(9, 12))
  const headers = parseFieldLines(text, text.indexOf('\n') + 1)
  if (headers.length > limits.headerLinesMax) {
    throw protocolError(`more than ${limits.headerLinesMax} header lines`)
  }
  const fields = framingFields(headers)
  const { framing, length } = responseFraming(fields, { method, status, minor })
  const keepAlive =
    minor === '1' &&
    framing !== 'close' &&
    !(status === 204 && announcesContent(fields)) &&
    !fields.closes
  return { status, headers, framing, length, keepAlive }
}

/** RFC 9112 section 4: version and status have fixed places, and no reason holds a line end. */
const statusLine = /^HTTP\/1\.[01] [1-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/

/** What the lines of a response say of its framing. */
interface FramingFields {
  readonly lengths: readonly string[]
  readonly encodings: readonly string[]
  /** `Connection: close` is among them. */
  readonly closes: boolean
}

function framingFields(headers: HeaderLines): FramingFields {
  const lengths: string[] = []
  const encodings: string[] = []
  let closes = false
  for (const [name, value] of headers) {
    if (isNamed(name, 'content-length')) lengths.push(value)
    else if (isNamed(name, 'transfer-encoding')) encodings.push(value)
    else if (isNamed(name, 'connection')) closes ||= elementsOf(value).includes('close')
  }
  return { lengths, encodings, closes }
}

/** RFC 9110 section 8.6: who breaks it for a 204 may send that content, and it would be the next answer. */
function announcesContent({ lengths, encodings }: FramingFields): boolean {
  return encodings.length > 0 || lengths.some((length) => Number(length) > 0)
}

function responseFraming(
  { lengths, encodings }: FramingFields,
  { method, status, minor }: { method: string; status: number; minor: string },
): Pick<ParsedResponseHead, 'framing' | 'length'> {
  if (lengths.length > 1) throw protocolError('Content-Length twice')
  if (lengths.length > 0 && encodings.length > 0) {
    throw protocolError('Content-Length and Transfer-Encoding')
  }
  const [length] = lengths
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) {
    throw protocolError('a Content-Length that is no number of bytes')
  }
  if (encodings.length > 1 || (encodings[0] ?? 'chunked').toLowerCase() !== 'chunked') {
    throw protocolError('a Transfer-Encoding other than "chunked"')
  }
  // RFC 9112 section 6.1: a 1.0 message with a transfer coding is framed wrongly.
  if (encodings.length > 0 && minor === '0') throw protocolError('HTTP/1.0 with chunks')
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
    return { framing: 'none', length: 0 }
  }
  if (encodings.length > 0) return { framing: 'chunked', length: 0 }
  return length === undefined
    ? { framing: 'close', length: 0 }
    : { framing: 'length', length: Number(length) }
}

/**
 * Reads one response from pieces of any size. `push` answers how many bytes belonged to it: fewer
 * than given means that the peer sent more than one response, which this client never asked for.
 */
export class ResponseReader {
  #method: string
  readonly #sink: ResponseSink
  readonly #limits: WireLimits
  readonly #buffer: HeadBuffer
  #head: ParsedResponseHead | null = null
  #informational = 0
  #left = 0
  #chunks: ChunkedDecoder | null = null
  #done = false

  constructor(method: string, sink: ResponseSink, limits: WireLimits = wireLimits) {
    this.#method = method
    this.#sink = sink
    this.#limits = limits
    this.#buffer = new HeadBuffer(limits.headerSectionBytesMax, errors)
  }

  get done(): boolean {
    return this.#done
  }

  /** Reads another response, to a request with `method`; what was read of the last one is forgotten. */
  next(method: string): void {
    this.#method = method
    this.#head = null
    this.#informational = 0
    this.#left = 0
    this.#chunks = null
    this.#done = false
    this.#buffer.clear()
  }

  push(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && !this.#done) {
      const rest = at === 0 ? bytes : bytes.subarray(at)
      at += this.#head === null ? this.#takeHead(rest) : this.#takeBody(rest, this.#head)
    }
    return at
  }

  /** The peer closed: ends a body that ends so; otherwise throws. */
  end(): void {
    if (this.#done) return
    if (this.#head?.framing !== 'close') {
      throw protocolError(this.#head ? 'a body that is shorter than announced' : 'half a head')
    }
    this.#finish()
  }

  #takeHead(bytes: Buffer): number {
    const text = this.#buffer.take(bytes, checkOpening)
    const { taken } = this.#buffer
    if (text !== null) this.#acceptHead(parseResponseHead(text, this.#method, this.#limits))
    return taken
  }

  #acceptHead(head: ParsedResponseHead): void {
    // RFC 9110 section 15.2.2: we never asked for another protocol.
    if (head.status === 101) throw protocolError('101 without a request for it')
    if (head.status < 200) {
      this.#informational += 1
      if (this.#informational > this.#limits.upstreamInformationalMax) {
        throw protocolError('too many informational responses')
      }
      return
    }
    this.#head = head
    this.#left = head.length
    if (head.framing === 'chunked') this.#chunks = new ChunkedDecoder(this.#limits)
    this.#sink.onHead(head)
    if (head.framing === 'none' || (head.framing === 'length' && head.length === 0)) this.#finish()
  }

  #takeBody(bytes: Buffer, head: ParsedResponseHead): number {
    if (this.#chunks) {
      const taken = this.#chunks.push(bytes, (data) => this.#sink.onData(data))
      if (this.#chunks.done) this.#finish()
      return taken
    }
    if (head.framing === 'close') {
      this.#sink.onData(bytes)
      return bytes.length
    }
    const data = bytes.subarray(0, this.#left)
    this.#left -= data.length
    this.#sink.onData(data)
    if (this.#left === 0) this.#finish()
    return data.length
  }

  #finish(): void {
    this.#done = true
    this.#sink.onEnd()
  }
}

const errors = {
  tooLarge: () => protocolError('a head that is too large'),
  refuse: protocolError,
}

/** Bytes that can become no response are refused at once, not when the peer gets tired. */
function checkOpening(bytes: Buffer): void {
  const opening = 'HTTP/1.'
  const start = bytes.toString('latin1', 0, opening.length)
  if (!opening.startsWith(start)) throw protocolError('something that is no HTTP/1 response')
}
