import type { BindingClient } from './binding.ts'
import { assertClient, type ClientCredentials, readClientCredentials } from './client-auth.ts'
import { TokensError } from './errors.ts'
import { assertFormMediaType, type Form, parseForm } from './form.ts'
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
    readonly attemptsPerClient: RateLimiter
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
  { name: 'attempts left (section 2.3.1, brute force)', run: takeAttempt },
  { name: 'client authentication (sections 2.3.1 and 3.2.1)', run: authenticateClient },
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
  const format = form.get('token_format')
  if (format !== undefined && format !== 'jwt') {
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

// Tokens are taken before the secret is looked at, so that parallel guesses count as well.
function takeAttempt(call: TokenCall, { limiters }: TokenEndpointDeps): void {
  const { client, address } = limiterKeys(call)
  for (const [limiter, key] of [
    [limiters.attemptsPerClient, client],
    [limiters.failuresPerAddress, address],
    [limiters.failuresPerClient, client],
  ] as const) {
    const retryAfterSeconds = limiter.take(key)
    if (retryAfterSeconds > 0) {
      throw new TokensError('tokens/too-many-attempts', 'too many attempts, try again later', {
        retryAfterSeconds,
      })
    }
  }
}

async function authenticateClient(call: TokenCall, deps: TokenEndpointDeps): Promise<void> {
  const credentials = reached(call.credentials)
  const client = await deps.findClient(credentials.clientId)
  assertClient(credentials, client)
  call.client = client
  const keys = limiterKeys(call)
  deps.limiters.failuresPerAddress.giveBack(keys.address)
  deps.limiters.failuresPerClient.giveBack(keys.client)
}

function limiterKeys(call: TokenCall): { client: string; address: string } {
  const address = addressKey(call.request.address)
  return { client: `${address} ${reached(call.credentials).clientId}`, address }
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
