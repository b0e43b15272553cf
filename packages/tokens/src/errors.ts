import { CodedError } from '@twinlatch/kit'

/** Codes of this package; public API, added to and never renamed. */
export type TokensErrorCode =
  | 'tokens/invalid-request'
  | 'tokens/invalid-client'
  | 'tokens/unsupported-grant-type'
  | 'tokens/invalid-scope'
  | 'tokens/too-many-attempts'
  | 'tokens/invalid-binding'
  | 'tokens/binding-exists'
  | 'tokens/unknown-binding'
  | 'tokens/too-many-bindings'
  | 'tokens/unknown-subaccount'
  | 'tokens/not-built'
  | 'tokens/admin-only'

/** A token or binding request that is refused; the message may be told to the caller. */
export class TokensError extends CodedError<TokensErrorCode> {
  /** Whole seconds until another attempt makes sense; only with `tokens/too-many-attempts`. */
  readonly retryAfterSeconds: number | null

  constructor(
    code: TokensErrorCode,
    message: string,
    options?: ErrorOptions & { retryAfterSeconds?: number },
  ) {
    super(code, message, options)
    this.name = 'TokensError'
    this.retryAfterSeconds = options?.retryAfterSeconds ?? null
  }
}
