import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pumpBody } from '../body-pump.ts'
import { WireError } from '../errors.ts'
import { lastChunk } from '../http1/chunked.ts'
import { protocolError } from '../http1/field-lines.ts'
import { withoutHopByHop } from '../http1/hop-by-hop.ts'
import { joinPieces } from '../http1/pieces.ts'
import { type ParsedResponseHead, ResponseReader, type ResponseSink } from '../http1/response.ts'
import type { UpstreamHead } from '../http1/upstream-head.ts'
import type { WireLimits } from '../limits.ts'
import { writeChunk, writeMessage } from '../message-writes.ts'
import { ReceivedBody } from '../received-body.ts'
import { type ReadyWrite, writeAtTurnEnd } from '../turn-writes.ts'
import type { UpstreamRequest, UpstreamResponse, UpstreamTarget } from '../upstream.ts'
import { idleTimeoutMs } from './idle-timeout.ts'
import type { ReadBuffer } from './read-buffer.ts'
import { classifyUpstreamError, placeOf } from './upstream-fault.ts'

/** What a pool must know of its connections. */
export interface ConnectionOwner {
  /** The exchange is over and the connection may carry another one. */
  released(connection: UpstreamConnection): void
  /** The socket is closed; the connection is worth nothing any more. */
  gone(connection: UpstreamConnection): void
}

/** How an exchange goes on; exactly one of the two is called, once. */
export interface ExchangeOutcome {
  /** With the head of the final response. */
  resolve(response: UpstreamResponse): void
  reject(error: WireError): void
}

/** The exchange that a connection carries at the moment. */
interface Running {
  readonly request: UpstreamRequest
  readonly outcome: ExchangeOutcome
  readonly onAbort: () => void
  /** Head of a request that waits for the end of the turn. */
  waiting: UpstreamHead | null
  stopSending: (() => void) | null
  requestSent: boolean
  head: ParsedResponseHead | null
  /** What came of the body in the same piece as the head. */
  readonly pieces: Buffer[]
  /** From then on. */
  body: ReceivedBody | null
}

/**
 * One connection to an upstream, for one exchange at a time. Reused only after an exchange of which
 * nothing is left on the wire: the request was sent to its last byte, the response was framed by
 * length or chunks and allowed it, and no byte came after it.
 */
export class UpstreamConnection implements ReadyWrite {
  /** Monotonic milliseconds at the end of the last exchange; `null` before the first one. */
  idleSince: number | null = null
  /** Monotonic milliseconds: from then on it is too old to be used again. */
  idleUntil = Number.POSITIVE_INFINITY
  /** Bytes of an answer arrived since the last request was begun. */
  answered = false
  readonly #socket: Socket
  readonly #target: UpstreamTarget
  readonly #limits: WireLimits
  readonly #owner: ConnectionOwner
  readonly #reader: ResponseReader
  readonly #input: ReadBuffer
  #running: Running | null = null
  #error: Error | null = null
  #ended = false

  /** `input` is where the socket reads into; see `connectUpstream`. */
  constructor(
    { socket, input }: { socket: Socket; input: ReadBuffer },
    target: UpstreamTarget,
    limits: WireLimits,
    owner: ConnectionOwner,
  ) {
    this.#socket = socket
    this.#input = input
    this.#target = target
    this.#limits = limits
    this.#owner = owner
    this.#reader = new ResponseReader('GET', this.#sink(), limits)
    input.onData = (chunk) => this.#receive(chunk)
    socket.setTimeout(limits.upstreamExchangeIdleTimeoutMs)
    socket.on('end', () => this.#receiveEnd())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('timeout', () => this.#timeOut())
    socket.on('close', () => {
      this.#ended = true
      this.#fail(this.#whyClosed())
      owner.gone(this)
    })
  }

  get usable(): boolean {
    return !this.#ended && !this.#socket.destroyed && this.#running === null
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Sends a request; see `UpstreamPool`. Callbacks: a promise here is one more for every request. */
  exchange(request: UpstreamRequest, head: UpstreamHead, outcome: ExchangeOutcome): void {
    this.answered = false
    // It may have closed between being taken from the pool and now.
    if (!this.usable) {
      outcome.reject(this.#whyClosed())
      return
    }
    const running: Running = {
      request,
      outcome,
      onAbort: () => this.#fail(new WireError('wire/aborted', 'the caller gave the request up')),
      waiting: head,
      stopSending: null,
      requestSent: false,
      head: null,
      pieces: [],
      body: null,
    }
    this.#running = running
    this.#reader.next(request.method)
    request.signal.addEventListener('abort', running.onAbort)
    if (request.signal.aborted) running.onAbort()
    else writeAtTurnEnd(this)
  }

  writeNow(): void {
    const running = this.#running
    const head = running?.waiting
    // What has ended meanwhile fails the exchange when it closes; the body stays unread.
    if (!head || this.#ended || this.#socket.destroyed) return
    running.waiting = null
    this.#send(running.request.body, head, running)
  }

  #sink(): ResponseSink {
    return {
      onHead: (head) => {
        // Node does not say whether a `close_notify` came: a cut would look like the end of the
        // answer (RFC 9112 section 9.8).
        if (head.framing === 'close' && this.#target.tls !== null) {
          throw protocolError('an answer over TLS that only the end of the connection would end')
        }
        if (this.#running) this.#running.head = head
      },
      onData: (data) => {
        const running = this.#running
        if (!running?.body) running?.pieces.push(this.#input.copy(data))
        else if (!running.body.push(this.#input.take(data))) this.#input.pause()
      },
      onEnd: () => this.#running?.body?.push(null),
    }
  }

  #createBody(running: Running): ReceivedBody {
    const body = new ReceivedBody({
      read: () => {
        if (this.#running === running) this.#socket.resume()
      },
      destroy: (error, done) => {
        if (this.#running === running) this.#fail(gaveUp())
        done(error)
      },
    })
    // The exchange may fail when nobody listens yet, or no more.
    body.on('error', () => {})
    for (const piece of running.pieces) body.push(piece)
    return body
  }

  #send(body: UpstreamRequest['body'], head: UpstreamHead, running: Running): void {
    const socket = this.#socket
    if (!(body instanceof Readable)) {
      running.requestSent = true
      writeMessage(socket, head.text, body)
      return
    }
    socket.write(head.text, 'latin1')
    const chunked = head.framing === 'chunked'
    running.stopSending = pumpBody({
      source: body,
      sink: socket,
      bytesExpected: chunked ? null : head.length,
      write: (chunk) => (chunked ? writeChunk(socket, chunk) : socket.write(chunk)),
      done: (error) => {
        if (error) {
          this.#fail(error)
          return
        }
        if (chunked) socket.write(lastChunk, 'latin1')
        running.requestSent = true
      },
    })
  }

  #receive(chunk: Buffer): void {
    const running = this.#running
    // Nobody has asked yet: whatever it is, it must not become the answer to the next request.
    if (!running || running.waiting) {
      this.destroy()
      return
    }
    this.answered = true
    let taken: number
    try {
      taken = this.#reader.push(chunk)
    } catch (error) {
      this.#fail(classifyUpstreamError(error, this.#target, { connected: true }))
      return
    }
    if (this.#running !== running) return
    if (this.#reader.done) this.#finish(running, taken < chunk.length)
    else if (running.head && !running.body) {
      running.body = this.#createBody(running)
      this.#input.own()
      running.outcome.resolve(responseOf(running.head, running.body))
    }
  }

  #receiveEnd(): void {
    this.#ended = true
    const running = this.#running
    if (!running) {
      this.destroy()
      return
    }
    if (running.head?.framing !== 'close') {
      this.#fail(this.#whyClosed())
      return
    }
    this.#reader.end()
    this.#finish(running, false)
  }

  #finish(running: Running, surplus: boolean): void {
    this.#running = null
    settle(running)
    const { head } = running
    const reusable = running.requestSent && head?.keepAlive === true
    if (surplus || !reusable || this.#ended || this.#socket.destroyed) this.destroy()
    else {
      this.idleSince = performance.now()
      this.idleUntil = this.idleSince + idleTimeoutMs(head, this.#limits)
      this.#input.share()
      // A slow reader paused it: nothing would be heard of the next answer, nor of a close.
      this.#socket.resume()
      this.#owner.released(this)
    }
    if (head && !running.body) running.outcome.resolve(responseOf(head, joinPieces(running.pieces)))
  }

  #timeOut(): void {
    const text = `${placeOf(this.#target)}: no byte for ${this.#limits.upstreamExchangeIdleTimeoutMs} ms`
    this.#fail(new WireError('wire/upstream-timeout', text))
  }

  #fail(error: WireError): void {
    const running = this.#running
    this.#running = null
    this.destroy()
    if (!running) return
    settle(running)
    if (running.body) running.body.destroy(error)
    else running.outcome.reject(error)
  }

  #whyClosed(): WireError {
    if (this.#error) return classifyUpstreamError(this.#error, this.#target, { connected: true })
    return new WireError(
      'wire/upstream-closed',
      `${placeOf(this.#target)}: closed before its answer ended`,
    )
  }
}

function gaveUp(): WireError {
  return new WireError('wire/aborted', 'the reader gave the response up')
}

/** Nothing of a finished exchange may touch the next one. */
function settle(running: Running): void {
  running.request.signal.removeEventListener('abort', running.onAbort)
  running.stopSending?.()
}

function responseOf(
  { status, headers }: ParsedResponseHead,
  body: UpstreamResponse['body'],
): UpstreamResponse {
  return { status, headers: withoutHopByHop(headers), body }
}
