import { type Logger, newRequestId } from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import type { Caller } from '@twinlatch/trust'
import type { Context } from 'hono'
import { DestinationsError, type DestinationsErrorCode } from './errors.ts'
import { type Condition, evaluateCondition } from './etag.ts'

/** What the middleware hands to every route. */
export interface RouteEnvironment {
  Variables: { caller: Caller }
}

const statusOf = {
  'destinations/malformed-request': 400,
  'destinations/request-too-large': 413,
  'destinations/invalid-destination': 400,
  'destinations/invalid-certificate': 400,
  'destinations/unsupported': 400,
  'destinations/not-found': 404,
  'destinations/name-taken': 409,
  'destinations/too-many': 400,
  'destinations/level-forbidden': 403,
  'destinations/protected-keystore': 400,
  'destinations/not-built': 501,
} as const satisfies Record<DestinationsErrorCode, number>

/** The HTTP status of `error`. */
export function statusOfError(error: DestinationsError): (typeof statusOf)[DestinationsErrorCode] {
  return statusOf[error.code]
}

/** An error answer in the one shape clients read (destination-service.md section 4). */
export function errorAnswer(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ ErrorMessage: message }, { status, headers })
}

/** The answer to anything thrown; what is not one of our refusals is a 500 without detail. */
export function answerError(error: unknown, log: Logger): Response {
  if (error instanceof DestinationsError) return errorAnswer(statusOfError(error), error.message)
  if (isStoreUnavailable(error)) {
    log.warn({ event: 'store.unavailable', code: error.code, err: error }, 'the store is away')
    return errorAnswer(503, error.message)
  }
  const id = newRequestId()
  log.error({ event: 'destinations.failed', id, err: error }, 'a call failed')
  return errorAnswer(500, `the destination service failed; its log says more under ${id}`)
}

/** `If-Match` and `If-None-Match` of the request. */
export function conditionOf(c: Context): Condition {
  return { ifMatch: c.req.header('if-match'), ifNoneMatch: c.req.header('if-none-match') }
}

/** The 304 or 412 that `etag` calls for, with the tag, or nothing. */
export function conditionalAnswer(c: Context, etag: string): Response | undefined {
  const status = evaluateCondition(conditionOf(c), etag)
  return status && conditionalStatus(status, etag)
}

/** A 304 without a body, or a 412; both carry the ETag (section 3.2). */
export function conditionalStatus(status: 304 | 412, etag: string): Response {
  const headers = { ETag: `"${etag}"` }
  return status === 304
    ? new Response(null, { status, headers })
    : errorAnswer(status, 'the ETag in If-Match is not the current one', headers)
}
