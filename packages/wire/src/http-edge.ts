import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Logger, messageOf, newRequestId } from '@twinlatch/kit'
import { closeLingering, refusalBytes, refusalLines } from './edge-answer.ts'
import type { AcceptedConnection, HeaderLines, ListenerHandler } from './exchange.ts'
import { HttpExchange } from './http-exchange.ts'
import type { WireLimits } from './limits.ts'
import { classifyParserError, type ParserError } from './parser-fault.ts'
import { checkRequestHead, type RequestFault, requestFault } from './request-head.ts'

/** One connection that may speak HTTP: its requests are served one after the other. */
interface EdgeConnection<Context> {
  readonly socket: Socket
  readonly accepted: AcceptedConnection<Context>
  readonly bytesBefore: number
  readonly waiting: Turn<Context>[]
  running: Turn<Context> | null
  /** The client announced its last request: what still arrives is none. */
  finished: boolean
  /** The last answer was given: what waits is not served any more. */
  closing: boolean
}

/** A request, or bytes that were none, in the order of arrival. */
interface Turn<Context> {
  readonly incoming: IncomingMessage | null
  readonly outgoing: ServerResponse | null
  fault: RequestFault | null
  exchange: HttpExchange<Context> | null
}

/**
 * HTTP/1.1 on accepted connections. Stands on `node:http`, whose parser is strict; everything of
 * gateway.md section 9.4 that it lets through is refused here (README.md lists what cannot be seen
 * from here). The interface to the outside is `Exchange`, so that this can be replaced.
 */
export class HttpEdge<Context> {
  readonly #handler: ListenerHandler<Context>
  readonly #limits: WireLimits
  readonly #log: Logger
  readonly #server: Server
  readonly #connections = new Map<Duplex, EdgeConnection<Context>>()
  #draining = false
  #onEmpty: (() => void) | null = null

  constructor(handler: ListenerHandler<Context>, limits: WireLimits, log: Logger) {
    this.#handler = handler
    this.#limits = limits
    this.#log = log
    this.#server = createParserServer(limits)
    const receive = (incoming: IncomingMessage, outgoing: ServerResponse) =>
      this.#receive(incoming, outgoing)
    this.#server.on('request', receive).on('checkContinue', receive).on('checkExpectation', receive)
    this.#server.on('connect', (incoming, socket) => this.#receiveConnect(incoming, socket))
    this.#server.on('clientError', (error: ParserError, socket) => this.#parserError(error, socket))
    // The server never listens itself; this starts its check for late requests.
    this.#server.emit('listening')
  }

  /** Begins to read HTTP from a connection that was accepted. */
  adopt(socket: Socket, accepted: AcceptedConnection<Context>): void {
    const connection: EdgeConnection<Context> = {
      socket,
      accepted,
      bytesBefore: socket.bytesRead,
      waiting: [],
      running: null,
      finished: false,
      closing: this.#draining,
    }
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      connection.closing = true
      this.#connections.delete(socket)
      if (this.#connections.size === 0) this.#onEmpty?.()
    })
    // Node ends a connection after its last answer by this method: see `closeLingering`.
    socket.destroySoon = () => closeLingering(socket, this.#limits.lingeringCloseMs)
    if (connection.closing) socket.destroy()
    else this.#server.emit('connection', socket)
  }

  /** Ends idle connections at once, the others after their running request; destroys after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    for (const connection of this.#connections.values()) {
      if (connection.running === null) this.#end(connection)
    }
    const timer = setTimeout(() => {
      for (const { socket } of this.#connections.values()) socket.destroy()
    }, graceMs)
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
    }
    clearTimeout(timer)
    this.#server.close()
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#enqueue(incoming.socket, { incoming, outgoing, fault: null, exchange: null })
  }

  /** Node gives the connection away with a CONNECT: there is no response object. */
  #receiveConnect(incoming: IncomingMessage, socket: Duplex): void {
    const result = checkRequestHead(rawHead(incoming), this.#limits)
    const fault = result.ok ? requestFault(404, 'CONNECT') : result.fault
    socket.on('error', () => {})
    this.#enqueue(socket, { incoming: null, outgoing: null, fault, exchange: null })
  }

  #parserError(error: ParserError, socket: Duplex): void {
    const connection = this.#connections.get(socket)
    if (!connection || connection.closing || connection.finished) return
    const fault = classifyParserError(error)
    if (fault === null) {
      if (error.code === 'HPE_CLOSED_CONNECTION') this.#finish(connection)
      else socket.destroy()
      return
    }
    const silent = connection.socket.bytesRead === connection.bytesBefore
    if (fault.status === 408 && silent && connection.running === null) {
      socket.destroy()
      return
    }
    const last = connection.waiting.at(-1) ?? connection.running
    if (last?.incoming && !last.incoming.complete) this.#failBody(connection, last, fault)
    else this.#enqueue(socket, { incoming: null, outgoing: null, fault, exchange: null })
  }

  /** A body that broke its framing: nothing after it on this connection can be understood. */
  #failBody(connection: EdgeConnection<Context>, turn: Turn<Context>, fault: RequestFault): void {
    turn.fault = fault
    if (turn !== connection.running) return
    const answered = turn.exchange?.responded ?? false
    turn.exchange?.giveUp(`broken request body: ${fault.detail}`)
    if (answered) connection.socket.destroy()
    else this.#refuseRaw(connection, fault)
  }

  /** Nothing more is read; Node itself ends the connection only if the head of the request said so. */
  #finish(connection: EdgeConnection<Context>): void {
    connection.finished = true
    if (connection.running === null && connection.waiting.length === 0) this.#end(connection)
  }

  #enqueue(socket: Duplex, turn: Turn<Context>): void {
    const connection = this.#connections.get(socket)
    if (!connection || connection.closing || connection.finished) return
    if (connection.waiting.length >= this.#limits.pipelinedRequestsMax) {
      socket.destroy()
      return
    }
    connection.waiting.push(turn)
    // Not at once: a small body is in the same chunk and is parsed after this returns.
    if (connection.running === null) queueMicrotask(() => this.#next(connection))
  }

  #next(connection: EdgeConnection<Context>): void {
    if (connection.running !== null) return
    const turn = connection.closing ? undefined : connection.waiting.shift()
    if (!turn) return
    connection.running = turn
    this.#serve(connection, turn)
      .catch((error: unknown) => {
        this.#log.error({ event: 'edge.failed', error: messageOf(error) }, 'exchange failed')
        connection.socket.destroy()
      })
      .finally(() => {
        connection.running = null
        const last = this.#draining || connection.finished
        if (last && connection.waiting.length === 0) this.#end(connection)
        else this.#next(connection)
      })
  }

  async #serve(connection: EdgeConnection<Context>, turn: Turn<Context>): Promise<void> {
    const { incoming, outgoing } = turn
    if (turn.fault || !incoming || !outgoing) {
      return this.#refuseRaw(connection, turn.fault ?? requestFault(400, 'no request'))
    }
    const raw = rawHead(incoming)
    const result = checkRequestHead(raw, this.#limits)
    if (!result.ok) return this.#refuse(connection, outgoing, result.fault)
    // Before any policy, as Envoy does (gateway.md section 9.4).
    if (result.expectsContinue) outgoing.writeContinue()
    const exchange = new HttpExchange<Context>({
      connection: connection.accepted,
      request: result.head,
      received: raw.headers,
      incoming,
      outgoing,
      // Node drops what came in one piece with a request for an upgrade that is not made: whatever
      // arrives behind it may begin in the middle of a request.
      mustClose: () =>
        this.#draining || connection.closing || result.asksForUpgrade || managesByTrailer(incoming),
      onClosing: () => {
        connection.closing = true
      },
    })
    turn.exchange = exchange
    try {
      await this.#handler.handle(exchange)
      if (!exchange.responded) throw new TypeError('the handler answered nothing')
    } catch (error) {
      if (exchange.signal.aborted) return
      this.#log.error({ event: 'edge.handler-threw', error: messageOf(error) }, 'handler failed')
      if (exchange.responded) {
        connection.socket.destroy()
        return
      }
      const headers: HeaderLines = [['x-request-id', newRequestId()]]
      await exchange.respond({ status: 500, headers, close: true }).catch(() => {})
    }
  }

  async #refuse(
    connection: EdgeConnection<Context>,
    outgoing: ServerResponse,
    fault: RequestFault,
  ): Promise<void> {
    const requestId = this.#report(connection, fault)
    connection.closing = true
    outgoing.writeHead(fault.status, refusalLines(fault, requestId).flat())
    outgoing.end(fault.body)
  }

  #refuseRaw(connection: EdgeConnection<Context>, fault: RequestFault): void {
    const requestId = this.#report(connection, fault)
    connection.closing = true
    if (!connection.socket.writable) {
      connection.socket.destroy()
      return
    }
    connection.socket.write(refusalBytes(fault, requestId), 'latin1')
    closeLingering(connection.socket, this.#limits.lingeringCloseMs)
  }

  #report(connection: EdgeConnection<Context>, fault: RequestFault): string {
    const requestId = newRequestId()
    const { status, detail } = fault
    try {
      this.#handler.onEdgeFault({ connection: connection.accepted, status, detail, requestId })
    } catch (error) {
      this.#log.error({ event: 'edge.handler-threw', error: messageOf(error) }, 'edge fault record')
    }
    return requestId
  }

  #end(connection: EdgeConnection<Context>): void {
    connection.closing = true
    closeLingering(connection.socket, this.#limits.lingeringCloseMs)
  }
}

function createParserServer(limits: WireLimits): Server {
  const server = createServer({
    insecureHTTPParser: false,
    // Node's own answer would have no id and no record: `checkRequestHead` refuses it.
    requireHostHeader: false,
    maxHeaderSize: limits.headerSectionBytesMax,
    headersTimeout: limits.requestHeadersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
  })
  // Any other value would drop lines above it without a word; the section's bytes bound them.
  server.maxHeadersCount = 0
  server.timeout = limits.exchangeIdleTimeoutMs
  return server
}

/** Trailers are dropped, but llhttp obeys one that manages the connection (RFC 9110 section 6.5.1). */
function managesByTrailer({ rawTrailers }: IncomingMessage): boolean {
  return rawTrailers.some((text, at) => at % 2 === 0 && /^(?:proxy-)?connection$/i.test(text))
}

function rawHead(incoming: IncomingMessage) {
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
    headers.push([incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? ''])
  }
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    version: incoming.httpVersion,
    headers,
  }
}
