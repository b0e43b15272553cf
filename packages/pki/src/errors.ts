/** Every reason for which bytes, text or an order given to this package is refused. */
export type PkiErrorCode =
  | 'pki/malformed-der'
  | 'pki/der-limits'
  | 'pki/malformed-pem'
  | 'pki/malformed-name'
  | 'pki/malformed-certificate'
  | 'pki/malformed-crl'
  | 'pki/malformed-serial'
  | 'pki/name-forbidden'
  | 'pki/unsupported-key'
  | 'pki/weak-key'
  | 'pki/key-mismatch'
  | 'pki/profile-forbids'
  | 'pki/validity-beyond-issuer'
  | 'pki/self-check-failed'
  | 'pki/stopped'
  | 'pki/keystore-password'
  | 'pki/keystore-password-unsuitable'
  | 'pki/keystore-unsupported-algorithm'
  | 'pki/keystore-no-key'
  | 'pki/keystore-key-mismatch'
  | 'pki/keystore-corrupt'
  | 'pki/keystore-limits'
  | 'pki/keystore-incomplete-chain'
  | 'pki/keystore-format'

/**
 * Input we were given is not usable. `code` is public API: it may be added to, never renamed.
 * Messages say what was wrong and where, and never hold key material or a password.
 */
export class PkiError extends Error {
  readonly code: PkiErrorCode

  constructor(code: PkiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PkiError'
    this.code = code
  }
}
