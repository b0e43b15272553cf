import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { AbortSource } from '../abort-notice.ts'
import { pumpBody } from '../body-pump.ts'
import { WireError } from '../errors.ts'
import type { AcceptedConnection, Exchange, RequestHead, ResponseHead } from '../exchange.ts'
import { type AnswerHead, renderAnswerHead } from '../http1/answer-head.ts'
import { lastChunk } from '../http1/chunked.ts'
import { type Written, writeChunk, writeMessage } from '../message-writes.ts'
import { type ReadyWrite, writeAtTurnEnd } from '../turn-writes.ts'

/** What an exchange needs of the connection that carries it. */
export interface ExchangeCarrier {
  readonly socket: Socket
  /** Value of the `Date` line. */
  date(): string
  /** Asked when the head is written: whether the connection ends after this answer. */
  mustClose(): boolean
  /** Told when the head said that the connection ends. */
  closing(): void
}

/** One exchange on an accepted connection; the edge makes it after the head was checked. */
export class HttpExchange<Context> implements Exchange<Context>, ReadyWrite {
  readonly connection: AcceptedConnection<Context>
  readonly request: RequestHead
  readonly body: Readable | Uint8Array | null
  readonly #carrier: ExchangeCarrier
  readonly #signal = new AbortSource()
  #responded = false
  #finished: { resolve(): void; reject(error: Error): void } | null = null
  #sending: Promise<void> | null = null
  #stopPump: (() => void) | null = null
  /** An answer that is not a stream, until the end of the turn or until `writeNow`. */
  #text: string | null = null
  #bytes: Uint8Array | null = null

  constructor(
    options: Pick<Exchange<Context>, 'connection' | 'request' | 'body'>,
    carrier: ExchangeCarrier,
  ) {
    this.connection = options.connection
    this.request = options.request
    this.body = options.body
    this.#carrier = carrier
  }

  get signal(): AbortSource {
    return this.#signal
  }

  get responded(): boolean {
    return this.#responded
  }

  /** What `respond` promised, as long as the answer is on its way. */
  get sending(): Promise<void> | null {
    return this.#finished && this.#sending
  }

  /** Aborts the signal; what the handler still wants to answer goes nowhere. */
  giveUp(reason: string): void {
    this.#responded = true
    this.#stopPump?.()
    this.#stopPump = null
    const error = new WireError('wire/aborted', reason)
    if (this.body instanceof Readable) this.body.destroy(error)
    this.#signal.abort()
    // A handler that does not wait for its answer hears of it by the signal.
    this.#sending?.catch(() => {})
    this.#finished?.reject(error)
    this.#finished = null
  }

  abort(): void {
    this.#responded = true
    this.connection.destroy()
  }

  respond(head: ResponseHead, body?: Readable | Uint8Array | string): Promise<void> {
    const content = typeof body === 'string' ? Buffer.from(body) : body
    if (this.#responded) {
      dispose(content)
      return Promise.reject(
        this.#signal.aborted
          ? new WireError('wire/aborted', 'the client went away before the answer')
          : new TypeError('an exchange is answered once'),
      )
    }
    const close = head.close === true || this.#carrier.mustClose()
    const { method } = this.request
    let rendered: AnswerHead
    try {
      rendered = renderAnswerHead(head, { method, content, date: this.#carrier.date(), close })
    } catch (error) {
      // A value that would split the head: the edge can still answer.
      dispose(content)
      return Promise.reject(error)
    }
    this.#responded = true
    if (close) this.#carrier.closing()
    this.#sending = new Promise((resolve, reject) => {
      this.#finished = { resolve, reject }
      this.#send(rendered, content)
    })
    return this.#sending
  }

  writeNow(): void {
    const text = this.#text
    if (text === null) return
    this.#text = null
    writeMessage(this.#carrier.socket, text, this.#bytes, this.#written)
  }

  #send(head: AnswerHead, content: Readable | Uint8Array | undefined): void {
    if (content instanceof Readable && head.framing !== 'none') {
      this.#stream(head, content)
      return
    }
    this.#text = head.text
    this.#bytes = content instanceof Uint8Array && head.framing !== 'none' ? content : null
    dispose(content)
    writeAtTurnEnd(this)
  }

  #stream(head: AnswerHead, content: Readable): void {
    const { socket } = this.#carrier
    const chunked = head.framing === 'chunked'
    let underway = 1
    let ended = false
    const written: Written = (error) => {
      underway -= 1
      if (error || (ended && underway === 0)) this.#written(error)
    }
    socket.write(head.text, 'latin1', written)
    const stop = pumpBody({
      source: content,
      sink: socket,
      write: (chunk) => {
        underway += 1
        return chunked ? writeChunk(socket, chunk, written) : socket.write(chunk, written)
      },
      bytesExpected: chunked ? null : head.length,
      done: (error) => {
        this.#stopPump = null
        // Too late for an error answer: only a broken connection tells the client.
        if (error !== null) {
          content.destroy()
          this.connection.destroy()
        }
        ended = true
        if (chunked && error === null) {
          underway += 1
          socket.write(lastChunk, 'latin1', written)
        } else if (underway === 0) this.#written()
      },
    })
    this.#stopPump = () => {
      stop()
      content.destroy()
    }
  }

  /** Called when the last byte was handed to the kernel, or will never be. */
  readonly #written: Written = (error) => {
    if (error || this.#carrier.socket.destroyed) {
      this.giveUp('the connection ended before the answer did')
      return
    }
    this.#finished?.resolve()
    this.#finished = null
  }
}

function dispose(body: unknown): void {
  if (body instanceof Readable) body.on('error', () => {}).destroy()
}
