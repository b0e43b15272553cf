import { PkiError } from './errors.ts'

/** The file does not have the form it claims to have. */
export function corruptFile(what: string, cause?: unknown): PkiError {
  return new PkiError(
    'pki/keystore-corrupt',
    `the file is damaged or cut off: ${what}; get a fresh copy of it`,
    cause === undefined ? {} : { cause },
  )
}

/** The file asks for more than `keystoreLimits` allows; found before anything costly was done. */
export function overLimit(what: string): PkiError {
  return new PkiError('pki/keystore-limits', `the file is refused: ${what}`)
}

/**
 * One text for a wrong password and for a MAC that does not fit, because nobody can tell them apart
 * (pki.md section 4.3).
 */
export function wrongPassword(cause?: unknown): PkiError {
  return new PkiError(
    'pki/keystore-password',
    'wrong password: it does not open the file (or the file was changed after it was written)',
    cause === undefined ? {} : { cause },
  )
}

/** Something real that is not read on purpose; `what` names it, `cure` says how to get around it. */
export function unsupportedAlgorithm(what: string, cure: string): PkiError {
  return new PkiError('pki/keystore-unsupported-algorithm', `${what} is not supported; ${cure}`)
}

/** Faults of the layers below in terms of a keystore file; anything else passes unchanged. */
export function asKeystoreFault(error: unknown): unknown {
  if (!(error instanceof PkiError)) return error
  if (error.code === 'pki/malformed-der') return corruptFile(error.message, error)
  if (error.code === 'pki/der-limits') return overLimit(error.message)
  return error
}
