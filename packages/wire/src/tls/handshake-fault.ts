import type { HandshakeFault } from '../tls-facts.ts'

type FaultKind = HandshakeFault['kind']

/** OpenSSL's reasons as Node spells them, for a server that asks for a certificate and verifies later. */
const kinds: ReadonlyMap<string, FaultKind> = new Map<string, FaultKind>([
  ['ETIMEDOUT', 'timeout'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'protocol-version'],
  ['ERR_SSL_VERSION_TOO_LOW', 'protocol-version'],
  ['ERR_SSL_VERSION_TOO_HIGH', 'protocol-version'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'protocol-version'],
  ['ERR_SSL_WRONG_SSL_VERSION', 'protocol-version'],
  ['ERR_SSL_UNKNOWN_PROTOCOL', 'protocol-version'],
  ['ERR_SSL_NO_PROTOCOLS_AVAILABLE', 'protocol-version'],
  ['ERR_SSL_INAPPROPRIATE_FALLBACK', 'protocol-version'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'protocol-version'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_NO_SHARED_GROUP', 'no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_GROUPS', 'no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_KEY_SHARE', 'no-shared-cipher'],
  ['ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS', 'no-shared-cipher'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'no-shared-cipher'],
  ['ERR_SSL_BAD_SIGNATURE', 'bad-signature'],
  ['ERR_SSL_PROVIDER_SIGNATURE_FAILURE', 'bad-signature'],
  ['ERR_SSL_SIGNATURE_FOR_NON_SIGNING_CERTIFICATE', 'bad-signature'],
  ['ERR_SSL_WRONG_SIGNATURE_TYPE', 'bad-signature'],
  ['ERR_SSL_EXCESSIVE_MESSAGE_SIZE', 'limit'],
  ['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'closed-by-peer'],
  ['ECONNRESET', 'closed-by-peer'],
  ['EPIPE', 'closed-by-peer'],
])

/** How OpenSSL finds an RSA signature wrong (RFC 8017 sections 8.1.2 and 8.2.2), each with its own name. */
const rsaSignatureFaults: ReadonlySet<string> = new Set(
  [
    'ALGORITHM_MISMATCH',
    'BAD_PAD_BYTE_COUNT',
    'BLOCK_TYPE_IS_NOT_01',
    'DATA_TOO_LARGE_FOR_MODULUS',
    'FIRST_OCTET_INVALID',
    'INVALID_PADDING',
    'LAST_OCTET_INVALID',
    'NULL_BEFORE_BLOCK_MISSING',
    'PADDING_CHECK_FAILED',
    'SLEN_CHECK_FAILED',
    'SLEN_RECOVERY_FAILED',
    'WRONG_SIGNATURE_LENGTH',
  ].map((reason) => `ERR_SSL_${reason}`),
)

/**
 * What kept a handshake from finishing, from the error that Node reports for it. Faults of a
 * client certificate never come this way (gateway.md section 4.3): they are decided on after the
 * handshake. An alert of the client, such as its refusal of our certificate, is a `tls-error`
 * whose detail names the alert.
 */
export function classifyHandshakeError(
  error: NodeJS.ErrnoException & { readonly reason?: string },
): HandshakeFault {
  const code = error.code ?? ''
  const reason = error.reason ?? error.message
  const alert = /ALERT_([A-Z_]+)$/.exec(code)?.[1]
  const detail = alert
    ? `the client sent the alert ${alert.toLowerCase()} (it refuses our certificate or what we offer)`
    : code === '' || code === 'ECONNRESET'
      ? reason
      : `${reason} (${code})`
  return { kind: kinds.get(code) ?? kindOfUnlisted(code), detail }
}

function kindOfUnlisted(code: string): FaultKind {
  if (code === '') return 'closed-by-peer'
  return rsaSignatureFaults.has(code) ? 'bad-signature' : 'tls-error'
}
