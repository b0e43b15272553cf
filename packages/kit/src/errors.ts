/**
 * Input or state that cannot be used; `code` is public API (may be added to, never renamed) and is
 * what doors translate into a status. A bug is never a `CodedError`: it is an assertion and crashes.
 *
 * `code` has the form `package/what-is-wrong`. Messages say what was wrong, where, and the next
 * thing to try, and never hold a secret.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CodedError'
    this.code = code
  }
}

/** True for an error whose `code` belongs to one of our packages, whichever package threw it. */
export function isCodedError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error && 'code' in error && /^[a-z0-9]+\/[a-z0-9-]+$/.test(`${error.code}`)
  )
}

/** Text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
