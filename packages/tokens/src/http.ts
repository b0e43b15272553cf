import type { Logger, Metrics } from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import type { Authenticate } from '@twinlatch/trust'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { bindingRoutes } from './binding-http.ts'
import { createDiscovery } from './discovery.ts'
import { TokensError, type TokensErrorCode } from './errors.ts'
import { grants } from './grants/grants.ts'
import type { keySetBody, oauthErrorBody, tokenBody } from './http-answers.ts'
import { tokenLimits } from './limits.ts'
import type { TokenService } from './service.ts'

/** What the routes need. */
export interface TokensAppDeps {
  readonly service: TokenService
  /** For `/api/bindings`; the token endpoint authenticates clients itself. */
  readonly authenticate: Authenticate
  readonly log: Logger
  readonly metrics?: Metrics
}

type OAuthError = z.infer<typeof oauthErrorBody>['error']

/** RFC 6749 section 5.2, one status and error word for every code a token request can meet. */
const oauthErrors = new Map<TokensErrorCode, { status: 400 | 401 | 429; error: OAuthError }>([
  ['tokens/invalid-request', { status: 400, error: 'invalid_request' }],
  ['tokens/invalid-client', { status: 401, error: 'invalid_client' }],
  ['tokens/unsupported-grant-type', { status: 400, error: 'unsupported_grant_type' }],
  ['tokens/invalid-scope', { status: 400, error: 'invalid_scope' }],
  // The RFC has no word for it; this one is registered and clients retry on 429.
  ['tokens/too-many-attempts', { status: 429, error: 'temporarily_unavailable' }],
])

/** Nothing of a token answer may be kept by a cache (RFC 6749 section 5.1). */
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/**
 * The token service's routes at the host root: `/oauth/token`, `/token_keys`,
 * `/.well-known/openid-configuration` and `/api/bindings`. Clients drop the path of `url`, so it
 * cannot be mounted anywhere else.
 */
export function createTokensApp({ service, authenticate, log, metrics }: TokensAppDeps): Hono {
  const app = new Hono()
  const discovery = createDiscovery(service.urls)
  app.get('/.well-known/openid-configuration', (c) => c.json(discovery))
  // `?zid=` is accepted and changes nothing: all subaccounts share the keys.
  app.get('/token_keys', async (c) =>
    c.json<z.infer<typeof keySetBody>>({ keys: await service.publicKeys() }),
  )
  app.post(
    '/oauth/token',
    bodyLimit({
      maxSize: tokenLimits.formBytesMax,
      onError: (c) =>
        c.json(
          { error: 'invalid_request', error_description: 'the request is too long' },
          413,
          noStore,
        ),
    }),
    async (c) => answerToken(c, { service, log, ...(metrics ? { metrics } : {}) }),
  )
  app.all('/oauth/token', (c) =>
    c.json(
      { error: 'invalid_request', error_description: 'token requests are POST (section 3.2)' },
      405,
      { ...noStore, Allow: 'POST' },
    ),
  )
  app.onError((error, c) => answerFailure(c, error, log))
  app.route('/api/bindings', bindingRoutes({ service, authenticate, log }))
  return app
}

async function answerToken(
  c: Context,
  { service, log, metrics }: { service: TokenService; log: Logger; metrics?: Metrics },
): Promise<Response> {
  const body = await c.req.text()
  const grant = grantLabel(body)
  try {
    const token = await service.token({
      headers: c.req.raw.headers,
      body,
      address: remoteAddress(c),
    })
    metrics?.tokensIssued.inc({ grant, result: 'issued' })
    return c.json<z.infer<typeof tokenBody>>(
      {
        access_token: token.jwt,
        token_type: 'bearer',
        expires_in: token.expiresInSeconds,
        scope: token.scope,
        jti: token.jti,
      },
      200,
      noStore,
    )
  } catch (error) {
    const known = error instanceof TokensError ? oauthErrors.get(error.code) : undefined
    metrics?.tokensIssued.inc({ grant, result: known?.error ?? 'server_error' })
    if (!(error instanceof TokensError) || !known) return answerFailure(c, error, log)
    log.warn(
      { event: 'token.refused', rule: error.code, address: remoteAddress(c) },
      'token request refused',
    )
    const headers = {
      ...noStore,
      // RFC 6749 section 5.2: mandatory when the client tried the Authorization header.
      ...(known.status === 401 ? { 'WWW-Authenticate': 'Basic realm="twinlatch"' } : {}),
      ...(error.retryAfterSeconds === null
        ? {}
        : { 'Retry-After': String(error.retryAfterSeconds) }),
    }
    return c.json(
      { error: known.error, error_description: printable(error.message) },
      known.status,
      headers,
    )
  }
}

// Clients retry on 5xx (token-service.md section 3), so a store that is away is worth a 503.
function answerFailure(c: Context, error: unknown, log: Logger): Response {
  const away = isStoreUnavailable(error)
  log.error({ event: away ? 'store.unavailable' : 'token.failed', err: error }, 'a call failed')
  return away
    ? c.json(
        { error: 'temporarily_unavailable', error_description: printable(error.message) },
        503,
        noStore,
      )
    : c.json({ error: 'server_error', error_description: 'the token service failed' }, 500, noStore)
}

// A label must not be of the caller's choosing, or the number of time series would be as well.
function grantLabel(body: string): string {
  const grantType = new URLSearchParams(body).get('grant_type')
  return grants.find((grant) => grant.grantType === grantType)?.grantType ?? 'other'
}

/** `error_description` may hold printable ASCII without `"` and `\` only (RFC 6749 section 5.2). */
function printable(text: string): string {
  return text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 200)
}

/** The peer's address, where the Node adapter of Hono puts its socket. */
function remoteAddress(c: Context): string {
  const environment = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined
  return environment?.incoming?.socket?.remoteAddress ?? 'unknown'
}
