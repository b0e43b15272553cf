import type { Authenticate } from '@twinlatch/trust'
import { readBearer } from '@twinlatch/trust'

/**
 * Whoever calls the control listener: the administrator by the token of the home, an application by
 * an access token. Told apart by form (a JWT has two dots), so that neither is tried as the other.
 */
export function combineAuthentication(admin: Authenticate, token: Authenticate): Authenticate {
  return async (headers) => {
    const bearer = readBearer(headers)
    return bearer !== null && bearer.split('.').length === 3 ? token(headers) : admin(headers)
  }
}
