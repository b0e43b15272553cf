import { z } from 'zod'
import type { PublicJwk } from './signing-keys.ts'

/** The answer of the token endpoint (RFC 6749 section 5.1). */
export const tokenBody = z
  .object({
    access_token: z.string(),
    token_type: z.literal('bearer'),
    expires_in: z.int().meta({ description: 'Seconds.' }),
    scope: z.string(),
    jti: z.string(),
  })
  .meta({ id: 'AccessToken' })

/** An error of the token endpoint (RFC 6749 section 5.2). */
export const oauthErrorBody = z
  .object({
    error: z.enum([
      'invalid_request',
      'invalid_client',
      'unsupported_grant_type',
      'invalid_scope',
      'temporarily_unavailable',
      'server_error',
    ]),
    error_description: z.string(),
  })
  .meta({ id: 'OAuthError', description: 'RFC 6749 section 5.2.' })

const publicJwk = z.object({
  kty: z.literal('RSA'),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('RS256'),
  n: z.string(),
  e: z.string(),
}) satisfies z.ZodType<PublicJwk>

/** The keys that sign access tokens (RFC 7517 section 5). */
export const keySetBody = z.object({ keys: z.array(publicJwk) }).meta({ id: 'KeySet' })

/** The metadata document (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2). */
export const discoveryBody = z
  .object({
    issuer: z.url(),
    token_endpoint: z.url(),
    jwks_uri: z.url(),
    grant_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    scopes_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    subject_types_supported: z.array(z.string()),
    id_token_signing_alg_values_supported: z.array(z.string()),
  })
  .meta({ id: 'Discovery' })

/** A binding without its credentials. */
export const bindingBody = z
  .object({
    name: z.string(),
    instanceId: z.guid(),
    clientId: z.string(),
    credentialType: z.literal('binding-secret'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Binding' })
