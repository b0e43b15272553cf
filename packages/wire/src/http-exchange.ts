import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pumpBody } from './body-pump.ts'
import { WireError } from './errors.ts'
import type {
  AcceptedConnection,
  Exchange,
  HeaderLines,
  RequestHead,
  ResponseHead,
} from './exchange.ts'
import { isNamed, withoutHopByHop } from './hop-by-hop.ts'
import { ReceivedBody } from './received-body.ts'
import { announcesBody } from './request-head.ts'

/** One exchange on a `node:http` request; the edge makes it after the head was checked. */
export class HttpExchange<Context> implements Exchange<Context> {
  readonly connection: AcceptedConnection<Context>
  readonly request: RequestHead
  readonly body: Readable | null
  readonly #incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  readonly #mustClose: () => boolean
  readonly #onClosing: () => void
  readonly #abort = new AbortController()
  #responded = false

  constructor(options: {
    connection: AcceptedConnection<Context>
    request: RequestHead
    /** Header lines as received, framing included. */
    received: HeaderLines
    incoming: IncomingMessage
    outgoing: ServerResponse
    /** Asked when the head is written: whether the connection ends after this answer. */
    mustClose: () => boolean
    /** Told when the head said that the connection ends. */
    onClosing: () => void
  }) {
    this.connection = options.connection
    this.request = options.request
    this.#incoming = options.incoming
    this.#outgoing = options.outgoing
    this.#mustClose = options.mustClose
    this.#onClosing = options.onClosing
    this.body = announcesBody(options.received) ? options.incoming : null
    // A client that goes away is reported by `signal`; the stream's own error must not be fatal.
    this.#incoming.on('error', () => {})
    this.#outgoing.on('error', () => {})
    this.#outgoing.once('close', () => {
      if (!this.#outgoing.writableFinished) this.giveUp('the client went away')
    })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get responded(): boolean {
    return this.#responded
  }

  /** Aborts the signal; what the handler still wants to answer goes nowhere. */
  giveUp(reason: string): void {
    this.#responded = true
    if (!this.#abort.signal.aborted) this.#abort.abort(new WireError('wire/aborted', reason))
  }

  abort(): void {
    this.#responded = true
    this.connection.destroy()
  }

  async respond(head: ResponseHead, body?: Readable | Uint8Array | string): Promise<void> {
    if (this.#responded) {
      dispose(body)
      throw this.#abort.signal.aborted
        ? new WireError('wire/aborted', 'the client went away before the answer')
        : new TypeError('an exchange is answered once')
    }
    const content = typeof body === 'string' ? Buffer.from(body) : body
    const withoutBody = hasNoBody(this.request.method, head.status)
    const headers = responseLines(head, content, withoutBody)
    try {
      this.#writeHead(head, headers)
    } catch (error) {
      // A value that would split the head: the edge can still answer.
      dispose(content)
      throw error
    }
    this.#responded = true
    const finished = this.#finished()
    if (withoutBody || content === undefined) {
      dispose(content)
      this.#outgoing.end()
    } else if (content instanceof Readable) {
      this.#stream(content, headers)
    } else {
      this.#outgoing.end(content)
    }
    await finished
  }

  #writeHead(head: ResponseHead, headers: HeaderLines): void {
    // A request body that was not read would be taken for the next request (gateway.md section 15).
    const unread = !this.#incoming.complete
    const asked = head.close === true || !this.#outgoing.shouldKeepAlive
    const lines = headers.flat()
    if (unread || asked || this.#mustClose()) {
      lines.push('connection', 'close')
      this.#onClosing()
    } else {
      // HTTP/1.1 connections persist by default: no `connection` line of Node's own.
      this.#outgoing.removeHeader('connection')
    }
    this.#outgoing.writeHead(head.status, lines)
  }

  #stream(content: Readable, headers: HeaderLines): void {
    const length = headers.find((line) => isNamed(line, 'content-length'))?.[1]
    const whole = content instanceof ReceivedBody ? content.takeWhole() : null
    if (whole !== null) {
      if (length === undefined || Number(length) === whole.length) this.#endWith(whole)
      else this.connection.destroy()
      return
    }
    const stop = pumpBody({
      source: content,
      sink: this.#outgoing,
      write: (chunk) => this.#outgoing.write(chunk),
      bytesExpected: length === undefined ? null : Number(length),
      done: (error) => {
        if (error === null) this.#outgoing.end()
        // Too late for an error answer: only a broken connection tells the client.
        else this.connection.destroy()
      },
    })
    // Sends the head at once, as `flushHeaders` does; that one writes octets above 7F as UTF-8.
    this.#outgoing.write('', 'latin1')
    this.#outgoing.once('close', () => {
      if (this.#outgoing.writableFinished) return
      stop()
      content.destroy()
    })
  }

  /** Head and body in one write, which is one TLS record and one system call. */
  #endWith(bytes: Buffer): void {
    if (bytes.length > joinedBodyBytesMax) this.#outgoing.end(bytes)
    else this.#outgoing.end(bytes.toString('latin1'), 'latin1')
  }

  #finished(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#outgoing.once('finish', resolve)
      this.#outgoing.once('close', () => {
        if (this.#outgoing.writableFinished) resolve()
        else reject(new WireError('wire/aborted', 'the connection ended before the answer did'))
      })
      if (this.#outgoing.destroyed) {
        reject(new WireError('wire/aborted', 'the client went away before the answer'))
      }
    })
  }
}

/** Up to here a copy of the body costs less than a second write. */
const joinedBodyBytesMax = 16_384

/** RFC 9110 section 6.4.1. */
function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || status < 200
}

/**
 * End-to-end lines with the framing that is known: the length of bytes we hold is ours to say; the
 * one announced for a stream is kept and then enforced; without any Node sends chunks.
 */
function responseLines(
  head: ResponseHead,
  content: Readable | Uint8Array | undefined,
  withoutBody: boolean,
): HeaderLines {
  const lines = withoutHopByHop(head.headers)
  const announced = lines.filter((line) => isNamed(line, 'content-length'))
  const rest = () => lines.filter((line) => !isNamed(line, 'content-length'))
  if (content instanceof Uint8Array) return [...rest(), ['content-length', `${content.length}`]]
  if (withoutBody) return head.status === 204 || head.status < 200 ? rest() : lines
  if (content === undefined) return [...rest(), ['content-length', '0']]
  const usable = announced.length === 1 && /^[0-9]{1,15}$/.test(announced[0]?.[1] ?? '')
  return usable ? lines : rest()
}

function dispose(body: unknown): void {
  if (body instanceof Readable) body.on('error', () => {}).destroy()
}
