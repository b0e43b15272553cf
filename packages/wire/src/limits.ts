/**
 * Every bound of this package, with its unit in the name and its reason beside it. A caller may
 * lower or raise single ones; none can be switched off.
 */
export const wireLimits = {
  /** gateway.md section 4.3. Post-quantum hellos take about 2 KiB; 16 KiB is one TLS record. */
  clientHelloBytesMax: 16_384,
  /** gateway.md section 4.3. A hello is one flight: more time only serves who wants to hold a socket. */
  clientHelloTimeoutMs: 5_000,
  /** Rest of the handshake: four flights over a bad mobile link, and no more. */
  handshakeTimeoutMs: 10_000,
  /** gateway.md section 4.1(7): SAP chains have 3 certificates, below 8 KiB. */
  peerChainBytesMax: 65_536,
  /** Chains kept for resumed sessions, per trust domain; beyond it the oldest is forgotten. */
  rememberedChainsMax: 1_024,
  /** A longer chain is not worth remembering: 1 024 of these are 16 MiB. */
  rememberedChainBytesMax: 16_384,
  /** A session is a credential without a certificate check: one hour, as nginx and Envoy advise. */
  sessionSeconds: 3_600,
  /** Per listener. 1 000 idle connections take about 100 MB; beyond 10 000 the machine suffers. */
  openConnectionsMax: 10_000,
  /**
   * Per client address and listener: four addresses at least are needed to hold all of the above,
   * and an office behind one address has room. Loopback is not counted unless this is set lower.
   */
  openConnectionsPerAddressMax: 2_500,
  /** gateway.md section 9.4: Envoy's 60 KiB, request line and line ends included. */
  headerSectionBytesMax: 61_440,
  /** gateway.md section 9.4: Envoy's default. */
  headerLinesMax: 100,
  /** gateway.md section 9.1: more names in `Connection` are an attack on the header table. */
  connectionNamesMax: 9,
  /** RFC 1035 section 2.3.4 and a port; longer names exist in no certificate. */
  authorityBytesMax: 262,
  /** From the first byte of a request, or from the end of the handshake, to the end of its headers. */
  requestHeadersTimeoutMs: 30_000,
  /** A whole request with its body. Long uploads are cut by the idle limit, not by this one. */
  requestTimeoutMs: 3_600_000,
  /** No byte in either direction while a request runs; Envoy's stream idle timeout. */
  exchangeIdleTimeoutMs: 300_000,
  /** Between two requests of a client connection; most clients give up after 60 s themselves. */
  keepAliveTimeoutMs: 75_000,
  /** How often we look for requests that are late; the error of the three limits above. */
  timeoutCheckIntervalMs: 1_000,
  /** Bytes held of requests behind the one that runs; beyond it nothing more is read for now. */
  pipelinedBytesMax: 65_536,
  /** RFC 9112 section 2.2 asks to skip one; more only keep a connection busy. */
  emptyLinesMax: 4,
  /** A last answer stays readable that long while the client still sends (RFC 9112 section 9.6). */
  lingeringCloseMs: 1_000,
  /** Istio's default `connectTimeout`; covers name lookup, TCP and TLS. */
  upstreamConnectTimeoutMs: 10_000,
  /** Connections to one target identity; Envoy's default circuit breaker. */
  upstreamConnectionsMax: 1_024,
  /** Requests waiting for a connection to one target; Envoy's default circuit breaker. */
  upstreamWaitingMax: 1_024,
  /** Kept ready per target; more idle connections than this answered in parallel are a burst. */
  upstreamIdleConnectionsMax: 256,
  /** Below the 60 s and 75 s of common servers, so that we close before they do. */
  upstreamIdleTimeoutMs: 30_000,
  /**
   * A request that cannot be sent twice takes no connection that was idle for longer: common
   * servers close after 5 s, and the close may be on its way.
   */
  upstreamUnrepeatableIdleMs: 2_000,
  /** No byte in either direction while an upstream exchange runs. */
  upstreamExchangeIdleTimeoutMs: 300_000,
  /** Informational answers before the final one; `103` comes once or twice. */
  upstreamInformationalMax: 16,
  /** One chunk-size line with its extensions, which nobody uses (RFC 9112 section 7.1.1). */
  chunkLineBytesMax: 4_096,
  /** Trailer section of a chunked body, dropped anyway. */
  trailerBytesMax: 16_384,
} as const

/** The limits by name, as numbers. */
export type WireLimits = { readonly [Name in keyof typeof wireLimits]: number }

/** Our limits with the given ones in their place; a limit that is no positive integer is a bug. */
export function limitsWith(changes: Partial<WireLimits> | undefined): WireLimits {
  const limits: WireLimits = { ...wireLimits, ...changes }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new TypeError(`bad limit ${name}: ${value}`)
  }
  return limits
}
