import type { Readable } from 'node:stream'
import type { Secret } from '@twinlatch/kit'
import type { AbortNotice } from './abort-notice.ts'

/**
 * What the rest of the product knows of moving bytes. Nothing above `wire` sees a socket, a TLS
 * object or an HTTP parser, so that the implementation below can be replaced.
 */

/** Header lines in the order and spelling of the wire; a repeated name is several lines. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]

/** What a client asked for before any certificate was chosen (RFC 8446 section 4.1.2). */
export interface ClientHello {
  /** SNI host in lower case (RFC 6066 section 3), or `null` when the client sent none. */
  readonly serverName: string | null
  readonly alpn: readonly string[]
}

/** The TCP peer, captured at accept: it is gone once the socket has failed. */
export interface TcpPeer {
  readonly address: string
  readonly port: number
  readonly localPort: number
  readonly acceptedAt: Date
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** Everything that makes one trust domain: its own server certificate, authorities and tickets. */
export interface TlsSettings {
  /** Leaf first, then intermediates. */
  readonly certificateChainPem: string
  readonly privateKeyPem: Secret<string>
  /** Whether a CertificateRequest is sent at all (gateway.md section 2.3). */
  readonly requestClientCertificate: boolean
  /** Trust anchors for client certificates; each one is an anchor by itself (partial chains). */
  readonly clientAuthoritiesPem: readonly string[]
  readonly crlPem: string | null
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** OpenSSL names for TLS 1.2, or `null` for the default six of gateway.md section 2.2. */
  readonly cipherSuites: readonly string[] | null
}

/**
 * One trust domain that serves: sessions and tickets made in it are worth nothing in any other
 * (gateway.md section 4.3).
 */
export interface TlsDomain {
  readonly settings: TlsSettings
  /** Refuses further handshakes; open connections live on. */
  close(): void
}

/** Facts of a finished handshake, as OpenSSL found them; nothing here is a decision. */
export interface TlsFacts {
  readonly protocol: string
  readonly cipher: string
  readonly alpn: string | null
  readonly resumed: boolean
  /** From the ClientHello, never from the TLS object (wrong on resumed TLS 1.2 connections). */
  readonly serverName: string | null
  /**
   * DER, leaf first, then what else the peer sent, in its order; empty when it sent no certificate.
   * After resumption these are the ones of the first handshake, as long as the domain remembers
   * them, else the leaf alone: a session holds no more.
   */
  readonly peerCertificates: readonly Uint8Array[]
  /** True only if a certificate was sent and OpenSSL verified its chain. */
  readonly verified: boolean
  /** OpenSSL's code, such as `CERT_HAS_EXPIRED`; `null` when verified or without a certificate. */
  readonly verifyError: string | null
}

/** A connection that ended before a handshake was finished. */
export interface HandshakeFault {
  readonly kind:
    | 'not-tls'
    | 'hello-too-large'
    | 'hello-malformed'
    | 'timeout'
    | 'protocol-version'
    | 'no-shared-cipher'
    | 'bad-signature'
    | 'closed-by-peer'
    | 'limit'
    | 'tls-error'
  /** Technical detail for the operator; holds no secret. */
  readonly detail: string
}

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

/** Where a request goes and who we are there. */
export interface UpstreamTarget {
  readonly host: string
  readonly port: number
  /** `null` is plain HTTP/1.1. */
  readonly tls: UpstreamTls | null
}

/** Our identity towards an upstream, and whom we trust there. Never a `pfx` (pki.md section 4.7). */
export interface UpstreamTls {
  readonly serverName: string
  readonly authoritiesPem: readonly string[]
  /** Leaf and intermediates, no root. */
  readonly certificateChainPem: string | null
  readonly privateKeyPem: Secret<string> | null
}

export interface UpstreamRequest {
  readonly target: UpstreamTarget
  readonly method: string
  /** Path and query. */
  readonly path: string
  /**
   * All lines, `Host` included. Framing and connection management are the client's: hop-by-hop
   * fields are dropped; a `Content-Length` beside a body is kept and enforced, without one the body
   * goes in chunks.
   */
  readonly headers: HeaderLines
  readonly body: Readable | Uint8Array | null
  readonly signal: AbortNotice
}

export interface UpstreamResponse {
  readonly status: number
  /** Without hop-by-hop fields; a `Content-Length` stays (it tells something after HEAD and 304, too). */
  readonly headers: HeaderLines
  /**
   * Bytes when all of it came with the head, else a stream with back-pressure; destroy that to give
   * the connection up.
   */
  readonly body: Readable | Uint8Array
}

export interface UpstreamPool {
  /**
   * Resolves with the head of the final (non-1xx) response; rejects with a `WireError`. What fails
   * later is the error of the body. Sent a second time only if a kept connection was closed before a
   * byte came back and the request is idempotent and has no body.
   */
  request(request: UpstreamRequest): Promise<UpstreamResponse>
  /** Ends every connection, those with a running exchange too. */
  stop(): Promise<void>
}
