import type { Socket } from 'node:net'
import { pumpBody } from './body-pump.ts'
import { WireError } from './errors.ts'
import type { UpstreamRequest, UpstreamResponse, UpstreamTarget } from './exchange.ts'
import { withoutHopByHop } from './hop-by-hop.ts'
import { chunkHead, lastChunk } from './http1/chunked.ts'
import { protocolError } from './http1/field-lines.ts'
import { type ParsedResponseHead, ResponseReader } from './http1/response.ts'
import type { WireLimits } from './limits.ts'
import { ReceivedBody } from './received-body.ts'
import { classifyUpstreamError, placeOf } from './upstream-fault.ts'
import { renderUpstreamHead, type UpstreamHead } from './upstream-head.ts'

/** What a pool must know of its connections. */
export interface ConnectionOwner {
  /** The exchange is over and the connection may carry another one. */
  released(connection: UpstreamConnection): void
  /** The socket is closed; the connection is worth nothing any more. */
  gone(connection: UpstreamConnection): void
}

/** The exchange that a connection carries at the moment. */
interface Running {
  readonly reader: ResponseReader
  readonly body: ReceivedBody
  readonly reject: (error: WireError) => void
  readonly settle: () => void
  stopSending: () => void
  requestSent: boolean
  head: ParsedResponseHead | null
}

/**
 * One connection to an upstream, for one exchange at a time. Reused only after an exchange of which
 * nothing is left on the wire: the request was sent to its last byte, the response was framed by
 * length or chunks and allowed it, and no byte came after it.
 */
export class UpstreamConnection {
  /** Monotonic milliseconds at the end of the last exchange; `null` before the first one. */
  idleSince: number | null = null
  /** Bytes of an answer arrived since the last request was begun. */
  answered = false
  readonly #socket: Socket
  readonly #target: UpstreamTarget
  readonly #limits: WireLimits
  readonly #owner: ConnectionOwner
  #running: Running | null = null
  #error: Error | null = null
  #ended = false

  constructor(socket: Socket, target: UpstreamTarget, limits: WireLimits, owner: ConnectionOwner) {
    this.#socket = socket
    this.#target = target
    this.#limits = limits
    this.#owner = owner
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
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

  /** Sends a request and resolves with the head of its final response; see `UpstreamPool`. */
  exchange(request: UpstreamRequest): Promise<UpstreamResponse> {
    const head = renderUpstreamHead(request)
    this.answered = false
    this.#socket.setTimeout(this.#limits.upstreamExchangeIdleTimeoutMs)
    // It may have closed between being taken from the pool and now.
    if (!this.usable) return Promise.reject(this.#whyClosed())
    return new Promise((resolve, reject) => {
      const body = this.#createBody()
      const onAbort = () =>
        this.#fail(new WireError('wire/aborted', 'the caller gave the request up'))
      const running: Running = {
        body,
        reader: new ResponseReader(
          request.method,
          {
            onHead: (parsed) => {
              // Node does not say whether a `close_notify` came: a cut would look like the end of the
              // answer (RFC 9112 section 9.8).
              if (parsed.framing === 'close' && this.#target.tls !== null) {
                throw protocolError(
                  'an answer over TLS that only the end of the connection would end',
                )
              }
              running.head = parsed
              resolve({ status: parsed.status, headers: withoutHopByHop(parsed.headers), body })
            },
            onData: (data) => {
              if (!body.push(data)) this.#socket.pause()
            },
            onEnd: () => body.finish(),
          },
          this.#limits,
        ),
        reject,
        settle: () => request.signal.removeEventListener('abort', onAbort),
        stopSending: () => {},
        requestSent: false,
        head: null,
      }
      this.#running = running
      request.signal.addEventListener('abort', onAbort)
      if (request.signal.aborted) return onAbort()
      this.#send(request, head, running)
    })
  }

  #createBody(): ReceivedBody {
    const body = new ReceivedBody({
      read: () => {
        if (this.#running?.body === body) this.#socket.resume()
      },
      destroy: (error, done) => {
        if (this.#running?.body === body) this.#fail(gaveUp())
        done(error)
      },
    })
    // The exchange may fail when nobody listens yet, or no more.
    body.on('error', () => {})
    return body
  }

  #send({ body }: UpstreamRequest, head: UpstreamHead, running: Running): void {
    const socket = this.#socket
    if (body === null) {
      socket.write(head.text, 'latin1')
      running.requestSent = true
      return
    }
    socket.write(head.text, 'latin1')
    const chunked = head.framing === 'chunked'
    running.stopSending = pumpBody({
      source: body,
      sink: socket,
      bytesExpected: chunked ? null : head.length,
      write: (chunk) => {
        if (!chunked) return socket.write(chunk)
        socket.cork()
        socket.write(chunkHead(chunk.length), 'latin1')
        socket.write(chunk)
        const free = socket.write('\r\n', 'latin1')
        socket.uncork()
        return free
      },
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
    // Nobody asked: whatever it is, it must not become the answer to the next request.
    if (!running) {
      this.destroy()
      return
    }
    this.answered = true
    try {
      const taken = running.reader.push(chunk)
      if (running.reader.done && this.#running === running)
        this.#finish(running, taken < chunk.length)
    } catch (error) {
      this.#fail(classifyUpstreamError(error, this.#target, { connected: true }))
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
    running.reader.end()
    this.#finish(running, false)
  }

  #finish(running: Running, surplus: boolean): void {
    this.#running = null
    running.settle()
    running.stopSending()
    const reusable = running.requestSent && running.head?.keepAlive === true
    if (surplus || !reusable || this.#ended || this.#socket.destroyed) {
      this.destroy()
      return
    }
    this.idleSince = performance.now()
    this.#socket.setTimeout(this.#idleTimeoutMs(running.head))
    // A paused socket would not notice that the peer closes it.
    this.#socket.resume()
    this.#owner.released(this)
  }

  /** Ours, or a second less than the upstream announces (`Keep-Alive: timeout=5`, as Node sends). */
  #idleTimeoutMs(head: ParsedResponseHead | null): number {
    const line = head?.headers.find(([name]) => name.toLowerCase() === 'keep-alive')?.[1] ?? ''
    const seconds = /(?:^|[,;\s])timeout=([0-9]{1,6})(?:$|[,;\s])/i.exec(line)?.[1]
    const ours = this.#limits.upstreamIdleTimeoutMs
    return seconds === undefined
      ? ours
      : Math.min(ours, Math.max(1, Number(seconds) * 1_000 - 1_000))
  }

  #timeOut(): void {
    if (!this.#running) {
      this.destroy()
      return
    }
    const text = `${placeOf(this.#target)}: no byte for ${this.#limits.upstreamExchangeIdleTimeoutMs} ms`
    this.#fail(new WireError('wire/upstream-timeout', text))
  }

  #fail(error: WireError): void {
    const running = this.#running
    this.#running = null
    this.destroy()
    if (!running) return
    running.settle()
    running.stopSending()
    if (running.head === null) running.reject(error)
    running.body.destroy(error)
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
