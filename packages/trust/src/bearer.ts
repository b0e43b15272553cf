import { createProblem, problemResponse } from '@twinlatch/kit'
import type { Authenticate, AuthenticationFailure, Caller } from './identity.ts'

/** The token of `Authorization: Bearer …` (RFC 6750 section 2.1), or `null` without one. */
export function readBearer(headers: Headers): string | null {
  const match = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(headers.get('authorization') ?? '')
  return match?.[1] ?? null
}

/** True for the answer of `Authenticate` that lets nobody in. */
export function isAuthenticationFailure(
  result: Caller | AuthenticationFailure,
): result is AuthenticationFailure {
  return 'reason' in result
}

/**
 * The caller of `request`, or the 401 to answer: a problem document, or the shape SAP's clients
 * read (`ErrorMessage`). The challenge names the error only when credentials were sent
 * (RFC 6750 section 3).
 */
export async function callerOrResponse(
  authenticate: Authenticate,
  request: Request,
  style: 'problem' | 'sap',
): Promise<Caller | Response> {
  const result = await authenticate(request.headers)
  if (!isAuthenticationFailure(result)) return result
  const headers = {
    'www-authenticate':
      result.reason === 'missing' ? 'Bearer' : `Bearer error="${challengeError(result)}"`,
  }
  return style === 'sap'
    ? Response.json({ ErrorMessage: result.description }, { status: 401, headers })
    : problemResponse(
        createProblem(401, result.description, { code: `auth/${result.reason}` }),
        headers,
      )
}

function challengeError(failure: AuthenticationFailure): string {
  return failure.reason === 'malformed' ? 'invalid_request' : 'invalid_token'
}
