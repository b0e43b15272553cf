import { type Clock, newRequestId, parseSubaccountId, type SubaccountId } from '@twinlatch/kit'
import type { AuthenticationFailure } from '@twinlatch/trust'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { BindingClient, TokenUrls } from './binding.ts'
import { tokenLimits } from './limits.ts'
import type { SigningKeys } from './signing-keys.ts'

/** The scope every token of `client_credentials` has. */
export const technicalScope = 'uaa.resource'

/** A signed access token and what the answer says beside it. */
export interface AccessToken {
  readonly jwt: string
  readonly jti: string
  readonly expiresInSeconds: number
  readonly scope: string
}

/** What a good signature, issuer, audience and time vouch for; the binding is checked after it. */
export interface TokenFacts {
  readonly clientId: string
  readonly subaccountId: SubaccountId
  readonly expiresAt: Date
}

/** `iss` of every token. */
export function issuerOf(urls: TokenUrls): string {
  return `${urls.issuer}/oauth/token`
}

/** Where clients find the keys: `jku` and `jwks_uri`. */
export function keysUrlOf(urls: TokenUrls): string {
  return `https://${urls.uaadomain}/token_keys`
}

/**
 * A technical access token for `client`, claims as token-service.md section 4. There is no
 * `ext_attr.zdn`: with it clients would call a tenant host that only a wildcard name resolves.
 */
export async function createAccessToken(
  client: BindingClient,
  deps: { keys: SigningKeys; urls: TokenUrls; clock: Clock },
): Promise<AccessToken> {
  const { kid, privateKey } = deps.keys.current()
  const issuedAt = Math.floor(deps.clock.now().getTime() / 1000)
  const jti = newRequestId().replaceAll('-', '')
  const jwt = await new SignJWT({
    jti,
    ext_attr: {
      enhancer: 'XSUAA',
      subaccountid: client.subaccountId,
      serviceinstanceid: client.instanceId,
    },
    sub: client.clientId,
    client_id: client.clientId,
    cid: client.clientId,
    azp: client.clientId,
    grant_type: 'client_credentials',
    authorities: [technicalScope],
    scope: [technicalScope],
    aud: ['uaa', client.clientId],
    zid: client.subaccountId,
    iss: issuerOf(deps.urls),
    iat: issuedAt,
    exp: issuedAt + tokenLimits.accessTokenSeconds,
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, jku: keysUrlOf(deps.urls) })
    .sign(privateKey)
  return { jwt, jti, expiresInSeconds: tokenLimits.accessTokenSeconds, scope: technicalScope }
}

/**
 * What `jwt` says, if we signed it, it was issued by us for one of our clients and it has not
 * expired (token-service.md section 5, plus issuer). Keys come from our own store only, whatever
 * the header names.
 */
export async function verifyAccessToken(
  jwt: string,
  deps: { keys: SigningKeys; urls: TokenUrls; clock: Clock },
): Promise<TokenFacts | AuthenticationFailure> {
  if (jwt.length > tokenLimits.accessTokenCharactersMax) {
    return { reason: 'malformed', description: 'the access token is too long' }
  }
  try {
    const { payload } = await jwtVerify(
      jwt,
      async ({ kid }) => {
        // The header is a stranger's JSON: its key id may be anything, whatever its type says.
        const key = typeof kid === 'string' ? await deps.keys.find(kid) : undefined
        if (!key) throw new errors.JWKSNoMatchingKey()
        return key
      },
      {
        algorithms: ['RS256'],
        issuer: issuerOf(deps.urls),
        audience: 'uaa',
        typ: 'JWT',
        requiredClaims: ['exp', 'iat', 'zid', 'cid'],
        currentDate: deps.clock.now(),
      },
    )
    return factsOf(payload) ?? invalidToken
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return { reason: 'expired', description: 'the access token has expired' }
    }
    if (error instanceof errors.JOSEError) return invalidToken
    throw error
  }
}

const invalidToken: AuthenticationFailure = {
  reason: 'invalid',
  description: 'the access token is not valid here',
}

function factsOf(payload: JWTPayload): TokenFacts | null {
  const clientId = payload['cid']
  const zone = payload['zid']
  const subaccountId = typeof zone === 'string' ? parseSubaccountId(zone) : undefined
  if (typeof clientId !== 'string' || !subaccountId || payload.exp === undefined) return null
  if (!Array.isArray(payload.aud) || !payload.aud.includes(clientId)) return null
  return { clientId, subaccountId, expiresAt: new Date(payload.exp * 1000) }
}
