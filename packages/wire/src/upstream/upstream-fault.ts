import { messageOf } from '@twinlatch/kit'
import { WireError, type WireErrorCode } from '../errors.ts'
import type { UpstreamTarget } from '../upstream.ts'

const codes: ReadonlyMap<string, WireErrorCode> = new Map<string, WireErrorCode>([
  ['ECONNREFUSED', 'wire/upstream-refused'],
  ['ENOTFOUND', 'wire/upstream-refused'],
  ['EAI_AGAIN', 'wire/upstream-refused'],
  ['EHOSTUNREACH', 'wire/upstream-refused'],
  ['ENETUNREACH', 'wire/upstream-refused'],
  ['EADDRNOTAVAIL', 'wire/upstream-refused'],
  ['ENOENT', 'wire/upstream-refused'],
  ['ETIMEDOUT', 'wire/upstream-timeout'],
  ['ECONNRESET', 'wire/upstream-reset'],
  ['EPIPE', 'wire/upstream-reset'],
  ['ECONNABORTED', 'wire/upstream-reset'],
  ['ERR_STREAM_DESTROYED', 'wire/upstream-reset'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'wire/upstream-tls-name'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'wire/upstream-wanted-client-certificate'],
])

/** OpenSSL's verification results, as Node names them (X509_V_ERR_*). */
const untrusted =
  /^(?:UNABLE_TO_|CERT_|CRL_|SELF_SIGNED_|DEPTH_ZERO_|ERROR_IN_|INVALID_|PATH_LENGTH|HOSTNAME_MISMATCH|UNSPECIFIED)/

/**
 * What a failed connection means for the caller, from the error of the socket. A TLS 1.2
 * upstream that misses our certificate sends the alert `handshake_failure` (RFC 5246 section
 * 7.4.6), as one does with which we share no cipher: without a certificate of ours it counts as
 * the former.
 */
export function classifyUpstreamError(
  error: unknown,
  target: UpstreamTarget,
  state: { connected: boolean },
): WireError {
  if (error instanceof WireError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new WireError(
    codeOf(code, target, state.connected),
    `${placeOf(target)}: ${messageOf(error)}`,
    {
      cause: error,
    },
  )
}

function codeOf(code: string, target: UpstreamTarget, connected: boolean): WireErrorCode {
  const known = codes.get(code)
  if (known) return known
  if (untrusted.test(code)) return 'wire/upstream-tls-untrusted'
  const certificateSent = target.tls !== null && target.tls.certificateChainPem !== null
  if (code.endsWith('_ALERT_HANDSHAKE_FAILURE') && !certificateSent) {
    return 'wire/upstream-wanted-client-certificate'
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return 'wire/upstream-tls-failed'
  return connected ? 'wire/upstream-reset' : 'wire/upstream-refused'
}

/** Host and port of a target for messages. */
export function placeOf(target: UpstreamTarget): string {
  return `upstream ${target.host}:${target.port}`
}
