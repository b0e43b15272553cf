import type { SubaccountId } from '@twinlatch/kit'
import type { Certificate } from '@twinlatch/pki'

/**
 * Everything that headers, policies and records need of a client certificate, computed once per
 * connection from its DER (architecture.md, rule 3). Texts are those of gateway.md section 8.
 */
export interface PeerIdentity {
  readonly certificate: Certificate
  /** DER of the chain as the peer sent it, leaf first. */
  readonly chain: readonly Uint8Array[]
  /** RFC 2253 text, exactly as Envoy prints it (gateway.md section 8.1). */
  readonly subject: string
  readonly issuer: string
  /** Lower-case hex, whole bytes. */
  readonly serial: string
  /** Lower-case hex SHA-256 and SHA-1 of the leaf DER. */
  readonly sha256: string
  readonly sha1: string
  /** base64 SHA-256 of the SubjectPublicKeyInfo. */
  readonly spkiSha256: string
  readonly uriSans: readonly string[]
  readonly dnsSans: readonly string[]
  readonly emailSans: readonly string[]
  readonly ipSans: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** URL-encoded PEM of the leaf (gateway.md section 7.2); computed on first use, then kept. */
  readonly urlEncodedPem: string
}

/** Who is calling an API of the control listener. */
export interface Caller {
  readonly kind: 'admin' | 'client'
  /** `admin`, or the OAuth client id. */
  readonly name: string
  readonly subaccountId: SubaccountId
  readonly subaccountName: string
  /** Service instance of the OAuth client; `null` acts on subaccount level only. */
  readonly instanceId: string | null
}

/** Why a call was not authenticated; `description` may be told to the caller. */
export interface AuthenticationFailure {
  readonly reason: 'missing' | 'malformed' | 'invalid' | 'expired' | 'unknown-subaccount'
  readonly description: string
}

/** Finds out who makes a call, from its headers alone. Never throws on bad input. */
export type Authenticate = (headers: Headers) => Promise<Caller | AuthenticationFailure>
