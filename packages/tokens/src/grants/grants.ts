import { TokensError } from '../errors.ts'
import { clientCredentials } from './client-credentials.ts'
import type { Grant } from './grant.ts'

/** Every grant that is built. */
export const grants: readonly Grant[] = [clientCredentials]

/** Grants that clients of XSUAA use (token-service.md section 3) and that are not built yet. */
const notBuilt = new Set([
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'password',
  'authorization_code',
  'refresh_token',
  'user_token',
])

/** The grant named `grantType`; a known one that is not built is refused by its name. */
export function findGrant(grantType: string): Grant {
  const grant = grants.find((candidate) => candidate.grantType === grantType)
  if (grant) return grant
  const built = grants.map((candidate) => candidate.grantType).join(', ')
  throw new TokensError(
    'tokens/unsupported-grant-type',
    notBuilt.has(grantType)
      ? `grant_type ${grantType} is not built yet; built: ${built}`
      : `grant_type is unknown; built: ${built}`,
  )
}
