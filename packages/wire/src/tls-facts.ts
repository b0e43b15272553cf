import type { Secret } from '@twinlatch/kit'

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
