import { z } from 'zod'
import type { Connection } from './http.ts'

const accessToken = z.looseObject({
  access_token: z.string(),
  token_type: z.string(),
  /** Seconds. */
  expires_in: z.number(),
  scope: z.string().optional(),
  jti: z.string().optional(),
})
const keys = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string() })) })
const metadata = z.looseObject({ issuer: z.string(), token_endpoint: z.string() })

/** The answer of the token endpoint (RFC 6749 section 5.1). */
export type AccessTokenBody = z.infer<typeof accessToken>

/** Calls of the token service (token-service.md section 1). */
export interface TokenClient {
  /** Grant `client_credentials` with id and secret in the body, as the Node clients send them. */
  clientCredentials(client: { clientId: string; clientSecret: string }): Promise<AccessTokenBody>
  /** The JWKS (RFC 7517 section 5). */
  tokenKeys(): Promise<z.infer<typeof keys>>
  openidConfiguration(): Promise<z.infer<typeof metadata>>
}

/** A client of the token service behind `connection`, which needs no token of its own. */
export function createTokenClient(connection: Connection): TokenClient {
  return {
    clientCredentials: ({ clientId, clientSecret }) =>
      connection.json(
        {
          method: 'POST',
          path: '/oauth/token',
          form: new URLSearchParams({
            grant_type: 'client_credentials',
            client_id: clientId,
            client_secret: clientSecret,
          }),
        },
        accessToken,
      ),
    tokenKeys: () => connection.json({ method: 'GET', path: '/token_keys' }, keys),
    openidConfiguration: () =>
      connection.json({ method: 'GET', path: '/.well-known/openid-configuration' }, metadata),
  }
}
