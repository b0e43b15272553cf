import { type Authenticate, type AuthenticationFailure, readBearer } from '@twinlatch/trust'

const missing: AuthenticationFailure = {
  reason: 'missing',
  description: 'Send an access token (from /oauth/token) or the admin token as a bearer token.',
}

/**
 * Whoever calls the control listener: the administrator by the token of the home, an application by
 * an access token. Told apart by form (a JWT has two dots), so that neither is tried as the other.
 */
export function combineAuthentication(admin: Authenticate, token: Authenticate): Authenticate {
  return async (headers) => {
    const bearer = readBearer(headers)
    if (bearer === null && !headers.has('authorization')) return missing
    return bearer?.split('.').length === 3 ? token(headers) : admin(headers)
  }
}
