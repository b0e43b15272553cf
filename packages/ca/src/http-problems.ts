import { createProblem, type Logger, newRequestId, problemResponse } from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import { CaError, type CaErrorCode } from './errors.ts'
import { inWireNames } from './http-schemas.ts'

const statusOf = {
  'ca/malformed-request': 400,
  'ca/not-allowed': 403,
  'ca/quota-exceeded': 403,
  'ca/unknown-certificate': 404,
  'ca/unknown-authority': 404,
  'ca/already-issued': 409,
  'ca/profile-forbids': 422,
  'ca/password': 422,
  'ca/issuer-ends-first': 422,
  'ca/not-built-yet': 422,
  'ca/too-many-requests': 429,
  'ca/bad-profile': 500,
  'ca/authority-unusable': 500,
  'ca/lint-failed': 500,
} as const satisfies Record<CaErrorCode, number>

/**
 * The problem document (RFC 9457) for what a handler threw. Our own failures are logged under an
 * id that is all the caller learns, apart from what the message was written to tell.
 */
export function renderFailure(error: unknown, log: Logger): Response {
  if (error instanceof CaError) {
    const status = statusOf[error.code]
    if (status === 500) log.error({ event: 'ca.failed', err: error }, 'the authority failed')
    const errors = inWireNames(error.problems)
    const problem = createProblem(status, error.message, {
      code: error.code,
      ...(errors.length > 0 ? { errors } : {}),
    })
    const { retryAfterSeconds } = error
    return problemResponse(problem, {
      'cache-control': 'no-store',
      ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
    })
  }
  if (isStoreUnavailable(error)) {
    log.error({ event: 'ca.store-unavailable', err: error }, 'the store is not available')
    return problemResponse(createProblem(503, error.message, { code: error.code }))
  }
  const id = newRequestId()
  log.error({ event: 'ca.failed', id, err: error }, 'the authority failed')
  return problemResponse(createProblem(500, `something failed here; the log has it under ${id}`))
}
