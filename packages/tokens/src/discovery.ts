import type { z } from 'zod'
import type { TokenUrls } from './binding.ts'
import { grants } from './grants/grants.ts'
import type { discoveryBody } from './http-answers.ts'
import { issuerOf, keysUrlOf, technicalScope } from './token.ts'

/**
 * The metadata document (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). It names only
 * what is built: no authorization endpoint, no mutual-TLS aliases.
 */
export function createDiscovery(urls: TokenUrls): z.infer<typeof discoveryBody> {
  return {
    issuer: issuerOf(urls),
    token_endpoint: `${urls.token}/oauth/token`,
    jwks_uri: keysUrlOf(urls),
    grant_types_supported: grants.map((grant) => grant.grantType),
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    scopes_supported: [technicalScope],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
}
