import { equalInConstantTime, Secret } from '@twinlatch/kit'
import type { BindingClient } from './binding.ts'
import { TokensError } from './errors.ts'
import { type Form, tokenForm } from './form.ts'

/** What a client says it is, before anything was checked. */
export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: Secret
}

/** The one answer to an unknown client and to a wrong secret. */
export const badCredentials = 'Bad credentials'

/**
 * The client id and secret of a token request, from the body (all Node clients) or from the header
 * `Authorization: Basic` (curl, Java). Exactly one method may be used (RFC 6749 section 2.3); the
 * id may be repeated in the body if it is the same.
 */
export function readClientCredentials(authorization: string | null, form: Form): ClientCredentials {
  for (const method of ['client_assertion', 'client_assertion_type']) {
    if (form.has(method)) {
      throw new TokensError(
        'tokens/invalid-client',
        `${method} is not built yet; send client_secret`,
      )
    }
  }
  const inBody = form.get('client_secret')
  if (authorization !== null) {
    if (inBody !== undefined) {
      throw new TokensError(
        'tokens/invalid-request',
        'client credentials must be sent in the header or in the body, not in both',
      )
    }
    const fromHeader = parseBasic(authorization)
    const repeated = form.get('client_id')
    if (repeated !== undefined && repeated !== fromHeader.clientId) {
      throw new TokensError(
        'tokens/invalid-request',
        'client_id differs from the one in the header',
      )
    }
    return fromHeader
  }
  const clientId = form.get('client_id')
  if (clientId === undefined) {
    throw new TokensError('tokens/invalid-client', 'client_id and client_secret are missing')
  }
  if (inBody === undefined) {
    throw new TokensError(
      'tokens/invalid-client',
      'client_secret is missing; x509 client authentication is not built yet',
    )
  }
  return bounded(clientId, inBody)
}

/**
 * Id and secret in a Basic header. Both parts are form-decoded as RFC 6749 section 2.3.1 asks, with
 * or without `X-CF-ENCODED-CREDENTIALS`: our ids and secrets hold neither `%` nor `+`, so decoding
 * is harmless for clients that send them raw.
 */
function parseBasic(authorization: string): ClientCredentials {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(authorization.trim())?.[1]
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) throw new TokensError('tokens/invalid-client', badCredentials)
  try {
    return bounded(formDecode(text.slice(0, colon)), formDecode(text.slice(colon + 1)))
  } catch (error) {
    throw new TokensError('tokens/invalid-client', badCredentials, { cause: error })
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function bounded(clientId: string, clientSecret: string): ClientCredentials {
  const { client_id: id, client_secret: secret } = tokenForm.shape
  if (!id.safeParse(clientId).success || !secret.safeParse(clientSecret).success) {
    throw new TokensError('tokens/invalid-client', badCredentials)
  }
  return { clientId, clientSecret: new Secret(clientSecret) }
}

/**
 * Whether `credentials` are those of `client`, in constant time. An unknown client takes the same
 * path as a wrong secret.
 */
export function isClient(
  credentials: ClientCredentials,
  client: BindingClient | null,
): client is BindingClient {
  const expected = client ? client.clientSecret.reveal() : 'of no client'
  const same = equalInConstantTime(credentials.clientSecret.reveal(), expected)
  return client !== null && same
}
