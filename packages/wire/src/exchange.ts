import type { Readable } from 'node:stream'
import type { AbortNotice } from './abort-notice.ts'
import type { HeaderLines } from './header-lines.ts'
import type { ClientHello, HandshakeFault, TcpPeer, TlsDomain, TlsFacts } from './tls-facts.ts'

/*
 * What the rest of the product knows of serving requests; `upstream.ts` is the other side. Nothing
 * above `wire` sees a socket, a TLS object or an HTTP parser, so that all below can be replaced.
 */

/** A connection whose peer was accepted. `context` is what `ListenerHandler.accept` returned. */
export interface AcceptedConnection<Context> {
  readonly peer: TcpPeer
  readonly tls: TlsFacts
  readonly context: Context
  /** Closes at once, without another byte. */
  destroy(): void
}

/** Request line and header section, already checked for form (gateway.md section 9.4). */
export interface RequestHead {
  readonly method: string
  /** Request target in origin form; absolute-form was reduced, its authority checked against Host. */
  readonly target: string
  /** The one Host of the request, as sent. */
  readonly authority: string
  /**
   * Every line that goes beyond this connection, in order and spelling: without hop-by-hop fields
   * and what `Connection` named; with `Host` and `Content-Length`; `te` is reduced to `trailers`.
   */
  readonly headers: HeaderLines
  /** All of it as it came, latin1; `readRequestHead` makes the same head of it. */
  readonly text: string
}

/** One request and its answer. Exactly one `respond` (or `abort`) ends it. */
export interface Exchange<Context> {
  readonly connection: AcceptedConnection<Context>
  readonly request: RequestHead
  /**
   * Request body: `null` when the framing says there is none, bytes when all of it came with the
   * head, else a stream with back-pressure.
   */
  readonly body: Readable | Uint8Array | null
  /** Aborted when the client goes away or the listener stops hard. */
  readonly signal: AbortNotice
  /**
   * Sends the answer and resolves when the last byte was handed to the kernel; rejects with
   * `wire/aborted` when the connection ended before. Hop-by-hop fields and framing are the edge's
   * business: they are dropped, except that a `Content-Length` beside a stream is kept and enforced
   * (without one the stream goes in chunks). `close` ends the connection afterwards.
   */
  respond(head: ResponseHead, body?: Readable | Uint8Array | string): Promise<void>
  /** Ends the connection without an answer, for a response that broke off half-way. */
  abort(): void
  readonly responded: boolean
}

export interface ResponseHead {
  /** Final: 200 to 999. */
  readonly status: number
  readonly headers: HeaderLines
  readonly close?: boolean
}

/**
 * A request that the edge refused (gateway.md section 9.4): what was wrong and what the client was
 * answered. Mostly before it became an exchange; a body whose framing breaks later aborts the
 * exchange's signal and is answered here too, unless the handler has answered already.
 */
export interface EdgeFault<Context> {
  readonly connection: AcceptedConnection<Context>
  readonly status: 400 | 403 | 404 | 408 | 413 | 426 | 431 | 501
  readonly detail: string
  /** `x-request-id` of the answer. */
  readonly requestId: string
}

/** The decisions a listener needs; all of them are asked before one byte of HTTP is parsed. */
export interface ListenerHandler<Context> {
  /** The trust domain for this ClientHello, or `null`: the connection is closed. */
  chooseDomain(hello: ClientHello, peer: TcpPeer): TlsDomain | null
  /**
   * Whether this peer may speak HTTP. `null`, or a throw, destroys the connection before a byte is
   * parsed. Called for resumed sessions too.
   */
  accept(tls: TlsFacts, peer: TcpPeer, domain: TlsDomain): Context | null
  onHandshakeFault(
    fault: HandshakeFault,
    peer: TcpPeer,
    hello: ClientHello | null,
    domain: TlsDomain | null,
  ): void
  onEdgeFault(fault: EdgeFault<Context>): void
  /** Answers one request. A rejection becomes a 500 without detail and closes the connection. */
  handle(exchange: Exchange<Context>): Promise<void>
  onOpenConnections?(count: number): void
  /** Once for every context that `accept` returned, when its connection has ended. */
  onClose?(context: Context): void
}
