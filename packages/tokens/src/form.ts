import { z } from 'zod'
import { TokensError } from './errors.ts'
import { tokenLimits } from './limits.ts'

/**
 * Form of `POST /oauth/token`. Its fields are checked one by one, in the order of the RFC; others
 * are ignored, as RFC 6749 section 3.2 asks.
 */
export const tokenForm = z.looseObject({
  grant_type: z.enum(['client_credentials']),
  client_id: z.string().max(tokenLimits.clientIdCharactersMax).optional(),
  client_secret: z.string().max(tokenLimits.clientSecretCharactersMax).optional(),
  scope: z.string().optional(),
  token_format: z.literal('jwt').optional(),
})

/** The parameters of a token request; none occurs twice and none is empty. */
export type Form = ReadonlyMap<string, string>

/** The one media type of a token request (RFC 6749 section 4.4.2 and appendix B). */
export function assertFormMediaType(contentType: string | null): void {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/x-www-form-urlencoded') {
    throw new TokensError(
      'tokens/invalid-request',
      'the Content-Type must be application/x-www-form-urlencoded',
    )
  }
}

/**
 * The parameters in `body`. A parameter without a value counts as absent, and one that occurs twice
 * is refused (RFC 6749 section 3.2).
 */
export function parseForm(body: string): Form {
  const form = new Map<string, string>()
  let count = 0
  for (const [name, value] of new URLSearchParams(body)) {
    count += 1
    if (count > tokenLimits.parametersMax) {
      throw new TokensError('tokens/invalid-request', 'the request has too many parameters')
    }
    if (value === '') continue
    if (form.has(name)) {
      throw new TokensError('tokens/invalid-request', `parameter ${name} occurs more than once`)
    }
    form.set(name, value)
  }
  return form
}
