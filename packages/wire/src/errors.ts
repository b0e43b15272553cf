import { CodedError } from '@twinlatch/kit'

/** What can go wrong while bytes are moved; public API (may be added to, never renamed). */
export type WireErrorCode =
  | 'wire/unusable-certificate'
  | 'wire/unusable-key'
  | 'wire/unusable-authorities'
  | 'wire/unusable-crl'
  | 'wire/unusable-ciphers'
  | 'wire/unusable-versions'
  | 'wire/port-in-use'
  | 'wire/cannot-listen'
  | 'wire/malformed-message'
  | 'wire/aborted'
  | 'wire/upstream-refused'
  | 'wire/upstream-timeout'
  | 'wire/upstream-reset'
  | 'wire/upstream-closed'
  | 'wire/upstream-overloaded'
  | 'wire/upstream-protocol'
  | 'wire/upstream-tls-untrusted'
  | 'wire/upstream-tls-name'
  | 'wire/upstream-tls-failed'
  | 'wire/upstream-wanted-client-certificate'

/** Input, peer or machine did not let the bytes pass; `code` says which of them and how. */
export class WireError extends CodedError<WireErrorCode> {
  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.name = 'WireError'
  }
}

/** The error as it is if it is ours already, else wrapped as `code`. */
export function asWireError(error: unknown, code: WireErrorCode, what: string): WireError {
  if (error instanceof WireError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new WireError(code, `${what}: ${reason}`, { cause: error })
}
