import type { Socket } from 'node:net'
import { type Logger, messageOf, newRequestId } from '@twinlatch/kit'
import type { AcceptedConnection, ListenerHandler } from '../exchange.ts'
import type { HttpDate } from '../http1/answer-head.ts'
import { joinPieces } from '../http1/pieces.ts'
import { type RequestFault, RequestRefusal, requestFault } from '../http1/request-fault.ts'
import { type AcceptedHead, RequestReader } from '../http1/request-reader.ts'
import type { WireLimits } from '../limits.ts'
import { ReceivedBody } from '../received-body.ts'
import { closeLingering, refusalText } from './edge-answer.ts'
import { HeldBytes } from './held-bytes.ts'
import { type ExchangeCarrier, HttpExchange } from './http-exchange.ts'

/** What the connections of one listener have in common. */
export interface EdgeSettings<Context> {
  readonly handler: ListenerHandler<Context>
  readonly limits: WireLimits
  readonly log: Logger
  readonly date: HttpDate
  /** The listener is stopping: an answer that is begun now is the last one of its connection. */
  draining(): boolean
}

/**
 * HTTP/1.1 on one accepted connection: requests are read and served strictly one after the other, so
 * an answer always belongs to the request before it. A request that is refused is the last one.
 */
export class EdgeConnection<Context> implements ExchangeCarrier {
  readonly socket: Socket
  readonly #accepted: AcceptedConnection<Context>
  readonly #edge: EdgeSettings<Context>
  readonly #reader: RequestReader
  #exchange: HttpExchange<Context> | null = null
  /** Head that was read, until its exchange begins. */
  #head: AcceptedHead | null = null
  /** What came of the body together with the head. */
  #pieces: Buffer[] = []
  #body: ReceivedBody | null = null
  /** Bytes behind the request that runs. */
  readonly #unread = new HeldBytes()
  /** The head of the last answer is out. */
  #closing = false
  /** Nothing is read any more. */
  #ended = false
  #servedAny = false
  /** Monotonic milliseconds: when the time for the current request, or for idling, began. */
  #since = performance.now()

  constructor(socket: Socket, accepted: AcceptedConnection<Context>, edge: EdgeSettings<Context>) {
    this.socket = socket
    this.#accepted = accepted
    this.#edge = edge
    this.#reader = new RequestReader(
      {
        onHead: (head) => {
          this.#head = head
        },
        onData: (data) => this.#receiveBody(data),
        onEnd: () => this.#body?.push(null),
      },
      edge.limits,
    )
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // A client that closes its half has gone, as with Envoy.
    socket.on('end', () => this.#leave())
    socket.on('close', () => this.#leave())
    socket.setTimeout(edge.limits.exchangeIdleTimeoutMs)
    socket.on('timeout', () => {
      if (this.#exchange) socket.destroy()
    })
  }

  /** A request is being served. */
  get busy(): boolean {
    return this.#exchange !== null
  }

  date(): string {
    return this.#edge.date.now()
  }

  /** A request body that was not read would be taken for the next request (gateway.md section 15). */
  mustClose(): boolean {
    return this.#closing || this.#edge.draining() || !this.#reader.done
  }

  closing(): void {
    this.#closing = true
  }

  /** Ends the connection behind the answers that are out. */
  end(): void {
    this.#closing = true
    this.#ended = true
    closeLingering(this.socket, this.#edge.limits.lingeringCloseMs)
  }

  /** Ends what takes too long; `now` is monotonic. */
  checkTime(now: number): void {
    if (this.#ended) return
    const { limits } = this.#edge
    const waited = now - this.#since
    if (this.#exchange) {
      if (this.#reader.inBody && waited > limits.requestTimeoutMs) this.#refuse(late)
    } else if (this.#reader.begun) {
      if (waited > limits.requestHeadersTimeoutMs) this.#refuse(late)
    } else if (this.#servedAny) {
      if (waited > limits.keepAliveTimeoutMs) this.end()
    } else if (waited > limits.requestHeadersTimeoutMs) {
      // Nobody to answer: not a byte came.
      this.socket.destroy()
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return
    if (this.#exchange && this.#reader.done) this.#hold(chunk)
    else this.#read(chunk)
  }

  /** Keeps what belongs to later requests, and lets the client wait when that is much. */
  #hold(bytes: Buffer): void {
    // Behind the last answer nothing is a request.
    if (this.#closing) return
    this.#unread.add(bytes)
    if (this.#unread.length > this.#edge.limits.pipelinedBytesMax) this.socket.pause()
  }

  #read(bytes: Buffer): void {
    if (!this.#exchange && !this.#reader.begun) this.#since = performance.now()
    try {
      const taken = this.#reader.push(bytes)
      if (taken < bytes.length) this.#hold(bytes.subarray(taken))
    } catch (error) {
      if (error instanceof RequestRefusal) this.#refuse(error.fault)
      else {
        // A bug of ours; it is not everybody else's, too.
        this.#edge.log.error({ event: 'edge.failed', error: messageOf(error) }, 'reading failed')
        this.socket.destroy()
      }
      return
    }
    // Only now: a small body, or what is wrong with it, came in the same piece.
    if (this.#head) this.#begin(this.#head)
  }

  #receiveBody(data: Buffer): void {
    if (this.#head) this.#pieces.push(data)
    else if (this.#body?.push(data) === false) this.socket.pause()
  }

  #begin(head: AcceptedHead): void {
    this.#head = null
    if (head.isLast) this.#closing = true
    // Before any policy, as Envoy does (gateway.md section 9.4).
    if (head.expectsContinue && !this.#reader.done) this.socket.write(continueText, 'latin1')
    this.#exchange = new HttpExchange(
      { connection: this.#accepted, request: head.head, body: this.#startBody(head) },
      this,
    )
    this.#serve(this.#exchange)
  }

  #startBody(head: AcceptedHead): ReceivedBody | Buffer | null {
    const pieces = this.#pieces
    this.#pieces = []
    if (head.body === 0) return null
    if (this.#reader.done) return joinPieces(pieces)
    const body = new ReceivedBody({ read: () => void this.socket.resume() })
    // A client that goes away is reported by `signal`; the stream's own error must not be fatal.
    body.on('error', () => {})
    for (const piece of pieces) body.push(piece)
    this.#body = body
    return body
  }

  #serve(exchange: HttpExchange<Context>): void {
    this.#handle(exchange).then(
      () => this.#settle(exchange),
      (error: unknown) => this.#fail(exchange, error),
    )
  }

  #handle(exchange: HttpExchange<Context>): Promise<void> {
    try {
      return this.#edge.handler.handle(exchange)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #settle(exchange: HttpExchange<Context>): void {
    const { sending } = exchange
    if (!exchange.responded) this.#fail(exchange, new TypeError('the handler answered nothing'))
    else if (sending === null) this.#finish()
    // A handler that did not wait must not mix two answers.
    else {
      sending.then(
        () => this.#finish(),
        (error: unknown) => this.#fail(exchange, error),
      )
    }
  }

  #fail(exchange: HttpExchange<Context>, error: unknown): void {
    if (exchange.signal.aborted) {
      this.#finish()
      return
    }
    const { log } = this.#edge
    log.error({ event: 'edge.handler-threw', error: messageOf(error) }, 'handler failed')
    if (exchange.responded) {
      this.socket.destroy()
      this.#finish()
      return
    }
    const headers = [['x-request-id', newRequestId()]] as const
    const finish = () => this.#finish()
    exchange.respond({ status: 500, headers, close: true }).then(finish, finish)
  }

  /** The exchange is over: the next request may begin. */
  #finish(): void {
    this.#exchange = null
    this.#body = null
    if (this.#ended || this.socket.destroyed) return
    if (this.#closing || this.#edge.draining()) {
      this.end()
      return
    }
    this.#servedAny = true
    this.#since = performance.now()
    this.#reader.next()
    const unread = this.#unread.take()
    if (this.socket.isPaused()) this.socket.resume()
    if (unread) this.#read(unread)
  }

  /** Answers a request, or bytes that are none; nothing after it on this connection is understood. */
  #refuse(fault: RequestFault): void {
    const exchange = this.#exchange
    const answered = exchange?.responded ?? false
    exchange?.writeNow()
    exchange?.giveUp(`broken request body: ${fault.detail}`)
    if (answered || !this.socket.writable) {
      this.#ended = true
      this.socket.destroy()
      return
    }
    this.socket.write(refusalText(fault, this.#report(fault), this.date()), 'latin1')
    this.end()
  }

  #report({ status, detail }: RequestFault): string {
    const requestId = newRequestId()
    const { handler, log } = this.#edge
    try {
      handler.onEdgeFault({ connection: this.#accepted, status, detail, requestId })
    } catch (error) {
      log.error({ event: 'edge.handler-threw', error: messageOf(error) }, 'edge fault record')
    }
    return requestId
  }

  #leave(): void {
    if (this.#ended) return
    if (!this.#exchange) {
      // Not for ever: our own end does not get out if the client takes nothing any more.
      this.end()
      return
    }
    this.#ended = true
    // It may have closed its half behind the request, and still be reading.
    this.#exchange.writeNow()
    this.#exchange?.giveUp('the client went away')
    this.socket.destroy()
  }
}

const late = requestFault(408, 'the request did not arrive in time')

const continueText = 'HTTP/1.1 100 Continue\r\n\r\n'
