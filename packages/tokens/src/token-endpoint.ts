import type { BindingClient } from './binding.ts'
import {
  badCredentials,
  type ClientCredentials,
  isClient,
  readClientCredentials,
} from './client-auth.ts'
import { TokensError } from './errors.ts'
import { assertFormMediaType, type Form, parseForm, tokenForm } from './form.ts'
import type { Grant } from './grants/grant.ts'
import { findGrant } from './grants/grants.ts'
import { addressKey, type RateLimiter } from './rate-limit.ts'
import type { AccessToken } from './token.ts'

/** A request of the token endpoint, as far as it matters. */
export interface TokenRequest {
  readonly headers: Headers
  readonly body: string
  /** Network address of the caller, for rate limits only. */
  readonly address: string
}

/** What the steps need of the rest of the service. */
export interface TokenEndpointDeps {
  readonly findClient: (clientId: string) => Promise<BindingClient | null>
  readonly mint: (client: BindingClient) => Promise<AccessToken>
  readonly limiters: {
    readonly tokensPerClient: RateLimiter
    readonly failuresPerClient: RateLimiter
    readonly failuresPerAddress: RateLimiter
  }
}

/** One request on its way through the steps; each step adds what it found out. */
interface TokenCall {
  readonly request: TokenRequest
  form?: Form
  credentials?: ClientCredentials
  client?: BindingClient
  grant?: Grant
  token?: AccessToken
}

interface TokenStep {
  readonly name: string
  run(call: TokenCall, deps: TokenEndpointDeps): Promise<void> | void
}

/** The checks of the token endpoint, in the order of RFC 6749. */
const steps: readonly TokenStep[] = [
  { name: 'media type (appendix B)', run: checkMediaType },
  { name: 'parameters, none repeated (section 3.2)', run: readParameters },
  { name: 'unsupported options, by name (token-service.md section 3)', run: refuseOptions },
  { name: 'client credentials, one method (section 2.3)', run: readCredentials },
  { name: 'client authentication (sections 2.3.1 and 3.2.1)', run: authenticateClient },
  { name: 'tokens left (each costs a signature)', run: takeAttempt },
  { name: 'tenant of x-zid (token-service.md section 2)', run: checkTenant },
  { name: 'grant type (section 4.4.2)', run: chooseGrant },
  { name: 'grant, scope (sections 3.3 and 4.4.3)', run: runGrant },
]

/** The token for `request`, and whose it is; every refusal is a `TokensError`. */
export async function answerTokenRequest(
  request: TokenRequest,
  deps: TokenEndpointDeps,
): Promise<{ token: AccessToken; client: BindingClient; grantType: string }> {
  const call: TokenCall = { request }
  for (const step of steps) await step.run(call, deps)
  return {
    token: reached(call.token),
    client: reached(call.client),
    grantType: reached(call.grant).grantType,
  }
}

function reached<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a step of the token endpoint ran too early')
  return value
}

function checkMediaType({ request }: TokenCall): void {
  assertFormMediaType(request.headers.get('content-type'))
}

function readParameters(call: TokenCall): void {
  call.form = parseForm(call.request.body)
}

// Ignoring these would hand out a token that is not what was asked for.
function refuseOptions(call: TokenCall): void {
  const form = reached(call.form)
  if (!tokenForm.shape.token_format.safeParse(form.get('token_format')).success) {
    throw new TokensError('tokens/invalid-request', 'token_format must be jwt')
  }
  if (form.has('authorities')) {
    throw new TokensError('tokens/invalid-request', 'authorities is not built yet')
  }
}

function readCredentials(call: TokenCall): void {
  call.credentials = readClientCredentials(
    call.request.headers.get('authorization'),
    reached(call.form),
  )
}

// The secret first: it is 256 random bits, so guessing needs no other defence, and local clients
// share one address, so whatever was counted before could be used up by somebody else.
async function authenticateClient(call: TokenCall, deps: TokenEndpointDeps): Promise<void> {
  const credentials = reached(call.credentials)
  const client = await deps.findClient(credentials.clientId)
  if (!isClient(credentials, client)) {
    countFailure(call, deps)
    throw new TokensError('tokens/invalid-client', badCredentials)
  }
  call.client = client
}

// Failures only: they slow a guesser and keep the log short, and refuse nobody who knows the secret.
function countFailure(call: TokenCall, { limiters }: TokenEndpointDeps): void {
  const address = addressKey(call.request.address)
  take(limiters.failuresPerAddress, address)
  take(limiters.failuresPerClient, `${address} ${reached(call.credentials).clientId}`)
}

function takeAttempt(call: TokenCall, { limiters }: TokenEndpointDeps): void {
  take(limiters.tokensPerClient, reached(call.client).clientId)
}

function take(limiter: RateLimiter, key: string): void {
  const retryAfterSeconds = limiter.take(key)
  if (retryAfterSeconds === 0) return
  throw new TokensError('tokens/too-many-attempts', 'too many attempts, try again later', {
    retryAfterSeconds,
  })
}

function checkTenant(call: TokenCall): void {
  const zid = call.request.headers.get('x-zid')
  if (zid !== null && zid.toLowerCase() !== reached(call.client).subaccountId) {
    throw new TokensError(
      'tokens/invalid-request',
      'x-zid names another subaccount than the one of this binding; subscriptions are not built yet',
    )
  }
}

function chooseGrant(call: TokenCall): void {
  const grantType = reached(call.form).get('grant_type')
  if (grantType === undefined) {
    throw new TokensError('tokens/invalid-request', 'grant_type is missing')
  }
  call.grant = findGrant(grantType)
}

async function runGrant(call: TokenCall, { mint }: TokenEndpointDeps): Promise<void> {
  const [form, client] = [reached(call.form), reached(call.client)]
  call.token = await reached(call.grant).run({ form, client, mint })
}
