import { TokensError } from '../errors.ts'
import { technicalScope } from '../token.ts'
import type { Grant } from './grant.ts'

/** RFC 6749 section 4.4: a token for the client itself. */
export const clientCredentials: Grant = {
  grantType: 'client_credentials',
  async run({ form, client, mint }) {
    const unknown = (form.get('scope') ?? '')
      .split(' ')
      .filter((scope) => scope !== '' && scope !== technicalScope)
    if (unknown.length > 0) {
      throw new TokensError(
        'tokens/invalid-scope',
        `scope ${unknown.join(' ')} is not granted to this client`,
      )
    }
    return mint(client)
  },
}
