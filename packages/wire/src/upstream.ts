import type { Readable } from 'node:stream'
import type { Secret } from '@twinlatch/kit'
import type { AbortNotice } from './abort-notice.ts'
import type { HeaderLines } from './header-lines.ts'

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
   * byte came back, the request is idempotent and its body, if any, is bytes.
   */
  request(request: UpstreamRequest): Promise<UpstreamResponse>
  /** Ends every connection, those with a running exchange too. */
  stop(): Promise<void>
}
