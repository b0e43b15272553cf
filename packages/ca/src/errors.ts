import { CodedError, type ProblemItem } from '@twinlatch/kit'

/** What the authority refuses, or fails at; public API: added to, never renamed. */
export type CaErrorCode =
  | 'ca/malformed-request'
  | 'ca/not-allowed'
  | 'ca/bad-profile'
  | 'ca/profile-forbids'
  | 'ca/password'
  | 'ca/issuer-ends-first'
  | 'ca/quota-exceeded'
  | 'ca/too-many-requests'
  | 'ca/already-issued'
  | 'ca/unknown-certificate'
  | 'ca/unknown-authority'
  | 'ca/not-built-yet'
  | 'ca/authority-unusable'
  | 'ca/lint-failed'

/** A refusal with every fault at once (`problems`), and when to come back where that is known. */
export class CaError extends CodedError<CaErrorCode> {
  override readonly name = 'CaError'
  readonly problems: readonly ProblemItem[]
  readonly retryAfterSeconds: number | null

  constructor(
    code: CaErrorCode,
    message: string,
    options: ErrorOptions & {
      problems?: readonly ProblemItem[]
      retryAfterSeconds?: number
    } = {},
  ) {
    super(code, message, options)
    this.problems = options.problems ?? []
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
  }
}
