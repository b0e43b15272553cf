import { type WireLimits, wireLimits } from '../limits.ts'
import { ChunkedDecoder } from './chunked.ts'
import { HeadBuffer } from './head-buffer.ts'
import { parseRequestHead, parseRequestLine } from './request.ts'
import { badRequest, RequestRefusal, requestFault } from './request-fault.ts'
import { checkRequestHead, type RequestHeadResult } from './request-head.ts'

/** A head that was found good, with what the edge must know of it. */
export type AcceptedHead = Extract<RequestHeadResult, { ok: true }>

/** Where a request goes while it is being read. */
export interface RequestSink {
  onHead(head: AcceptedHead): void
  onData(data: Buffer): void
  /** Exactly once for every head; no callback follows before `next`. */
  onEnd(): void
}

/**
 * Reads the requests of one connection, one at a time, from pieces of any size. `push` answers how
 * many bytes belonged to the request; it takes no byte of the following one before `next` was
 * called. Throws a `RequestRefusal`, after which nothing of this connection can be understood.
 */
export class RequestReader {
  readonly #sink: RequestSink
  readonly #limits: WireLimits
  readonly #buffer: HeadBuffer
  #state: 'head' | 'body' | 'done' = 'head'
  #emptyLines = 0
  #started = false
  #lineChecked = false
  /** How far the end of the request line was looked for. */
  #lineSearched = 0
  /** Bytes of the body that are still to come, if its length is known. */
  #left = 0
  #chunks: ChunkedDecoder | null = null

  constructor(sink: RequestSink, limits: WireLimits = wireLimits) {
    this.#sink = sink
    this.#limits = limits
    this.#buffer = new HeadBuffer(limits.headerSectionBytesMax, {
      tooLarge: () => new RequestRefusal(requestFault(431, 'header section too large')),
      refuse: badRequest,
    })
  }

  /** A byte of the current request has come; empty lines before it are none. */
  get begun(): boolean {
    return this.#state !== 'head' || this.#started
  }

  /** The head of the current request is complete, but its body is not. */
  get inBody(): boolean {
    return this.#state === 'body'
  }

  /** Every byte of the current request was taken. */
  get done(): boolean {
    return this.#state === 'done'
  }

  /** Lets the following request begin. */
  next(): void {
    this.#state = 'head'
    this.#emptyLines = 0
    this.#started = false
    this.#lineChecked = false
  }

  push(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#state !== 'done') {
      const rest = at === 0 ? bytes : bytes.subarray(at)
      at += this.#state === 'head' ? this.#takeHead(rest) : this.#takeBody(rest)
    }
    return at
  }

  #takeHead(bytes: Buffer): number {
    const text = this.#buffer.take(bytes, this.#checkOpening)
    const { taken } = this.#buffer
    if (text === null) return taken
    this.#lineSearched = 0
    this.#acceptHead(text.slice(this.#skipEmptyLines(text)))
    return taken
  }

  /** RFC 9112 section 2.2: some clients send a line end too many behind a body. */
  #skipEmptyLines(text: string): number {
    let at = 0
    while (text.startsWith('\r\n', at)) {
      at += 2
      this.#emptyLines += 1
    }
    // The line end of an empty "last line" and the empty line behind it.
    if (at === text.length) this.#emptyLines += 1
    if (this.#emptyLines > this.#limits.emptyLinesMax) {
      throw badRequest(`more than ${this.#limits.emptyLinesMax} empty lines before a request`)
    }
    return at
  }

  #acceptHead(text: string): void {
    if (text === '') return
    const result = checkRequestHead(parseRequestHead(text), this.#limits)
    if (!result.ok) throw new RequestRefusal(result.fault)
    this.#state = 'body'
    this.#left = result.body === 'chunked' ? 0 : result.body
    this.#chunks = result.body === 'chunked' ? new ChunkedDecoder(this.#limits, badRequest) : null
    this.#sink.onHead(result)
    if (result.body === 0) this.#finish()
  }

  #takeBody(bytes: Buffer): number {
    if (this.#chunks !== null) {
      const taken = this.#chunks.push(bytes, (data) => this.#sink.onData(data))
      if (this.#chunks.done) this.#finish()
      return taken
    }
    const data = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= data.length
    this.#sink.onData(data)
    if (this.#left === 0) this.#finish()
    return data.length
  }

  #finish(): void {
    this.#state = 'done'
    this.#sink.onEnd()
  }

  /** Bytes that can become no request are refused at once, not when the client gets tired. */
  readonly #checkOpening = (bytes: Buffer): void => {
    if (this.#lineChecked) return
    let at = 0
    while (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) at += 2
    if (at / 2 + this.#emptyLines > this.#limits.emptyLinesMax) {
      throw badRequest(`more than ${this.#limits.emptyLinesMax} empty lines before a request`)
    }
    const end = bytes.indexOf('\r\n', Math.max(at, this.#lineSearched - 1), 'latin1')
    const line = bytes.toString('latin1', at, end === -1 ? at + openingBytes : end)
    if (!/^(?:\r$|[A-Za-z-]{0,31}(?: |$))/.test(line))
      throw badRequest('something that is no request')
    this.#lineSearched = bytes.length
    this.#started ||= line !== '' && line !== '\r'
    if (end === -1) return
    parseRequestLine(line)
    this.#lineChecked = true
  }
}

/** Longer than any method: what is no request line shows by then. */
const openingBytes = 32
