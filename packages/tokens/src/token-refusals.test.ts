import { createFakeClock } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { openTokenStack } from '../testing/token-stack.ts'

type Json = Record<string, unknown>

async function openWithClient() {
  const clock = createFakeClock()
  const stack = await openTokenStack(clock)
  const { clientid = '', clientsecret = '' } = await stack.bind('app')
  const client = { client_id: clientid, client_secret: clientsecret }
  const grant = { grant_type: 'client_credentials', ...client }
  const basic = `Basic ${Buffer.from(`${clientid}:${clientsecret}`).toString('base64')}`
  return { clock, stack, client, grant, basic }
}

const refusals: readonly [
  string,
  (given: { client: Record<string, string>; grant: Record<string, string>; basic: string }) => {
    form: Record<string, string>
    headers?: Record<string, string>
  },
  number,
  string,
  RegExp,
][] = [
  [
    'a wrong secret',
    ({ grant }) => ({ form: { ...grant, client_secret: 'wrong' } }),
    401,
    'invalid_client',
    /^Bad credentials$/,
  ],
  [
    'an unknown client',
    ({ grant }) => ({ form: { ...grant, client_id: 'sb-none!b1' } }),
    401,
    'invalid_client',
    /^Bad credentials$/,
  ],
  [
    'no client at all',
    () => ({ form: { grant_type: 'client_credentials' } }),
    401,
    'invalid_client',
    /missing/,
  ],
  [
    'an x509 client, by name',
    ({ grant }) => ({ form: { ...grant, client_secret: '' } }),
    401,
    'invalid_client',
    /x509 client authentication is not built yet/,
  ],
  [
    'a client assertion, by name',
    ({ grant }) => ({ form: { ...grant, client_assertion: 'eyJ' } }),
    401,
    'invalid_client',
    /client_assertion is not built yet/,
  ],
  [
    'credentials in two places',
    ({ grant, basic }) => ({ form: grant, headers: { authorization: basic } }),
    400,
    'invalid_request',
    /not in both/,
  ],
  [
    'a header and another id in the body',
    ({ basic }) => ({
      form: { grant_type: 'client_credentials', client_id: 'sb-other' },
      headers: { authorization: basic },
    }),
    400,
    'invalid_request',
    /differs/,
  ],
  [
    'a header that is not Basic',
    () => ({
      form: { grant_type: 'client_credentials' },
      headers: { authorization: 'Bearer abc' },
    }),
    401,
    'invalid_client',
    /^Bad credentials$/,
  ],
  [
    'a Basic header with broken percent-encoding',
    () => ({
      form: { grant_type: 'client_credentials' },
      headers: { authorization: `Basic ${Buffer.from('a%zz:b').toString('base64')}` },
    }),
    401,
    'invalid_client',
    /^Bad credentials$/,
  ],
  [
    'no grant type',
    ({ client }) => ({ form: client }),
    400,
    'invalid_request',
    /grant_type is missing/,
  ],
  [
    'grant password, by name',
    ({ client }) => ({ form: { ...client, grant_type: 'password', username: 'u', password: 'p' } }),
    400,
    'unsupported_grant_type',
    /grant_type password is not built yet; built: client_credentials/,
  ],
  [
    'grant jwt-bearer, by name',
    ({ client }) => ({
      form: {
        ...client,
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: 'x',
      },
    }),
    400,
    'unsupported_grant_type',
    /jwt-bearer is not built yet/,
  ],
  [
    'grant refresh_token, by name',
    ({ client }) => ({ form: { ...client, grant_type: 'refresh_token' } }),
    400,
    'unsupported_grant_type',
    /refresh_token is not built yet/,
  ],
  [
    'an unknown grant',
    ({ client }) => ({ form: { ...client, grant_type: 'magic"\n' } }),
    400,
    'unsupported_grant_type',
    /unknown/,
  ],
  [
    'a scope the client does not have',
    ({ grant }) => ({ form: { ...grant, scope: 'uaa.admin' } }),
    400,
    'invalid_scope',
    /uaa.admin/,
  ],
  [
    'opaque tokens',
    ({ grant }) => ({ form: { ...grant, token_format: 'opaque' } }),
    400,
    'invalid_request',
    /jwt/,
  ],
  [
    'additional authorities',
    ({ grant }) => ({ form: { ...grant, authorities: '{"az_attr":{}}' } }),
    400,
    'invalid_request',
    /not built yet/,
  ],
  [
    'the subaccount of somebody else',
    ({ grant }) => ({ form: grant, headers: { 'x-zid': '11111111-2222-3333-4444-555555555555' } }),
    400,
    'invalid_request',
    /another subaccount/,
  ],
]

test.each(refusals)(
  'refused as RFC 6749 section 5.2 says: %s',
  async (_name, make, status, error, text) => {
    const { stack, client, grant, basic } = await openWithClient()
    await using _ = stack
    const { form, headers } = make({ client, grant, basic })
    const response = await stack.token(form, headers)
    const answer = (await response.json()) as { error: string; error_description: string }
    expect(answer).toEqual({ error, error_description: expect.stringMatching(text) })
    expect(answer.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/)
    expect(response.status).toBe(status)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.has('www-authenticate')).toBe(status === 401)
  },
)

test.each([
  ['a repeated parameter', 'grant_type=client_credentials&grant_type=password', undefined, 400],
  ['JSON', '{"grant_type":"client_credentials"}', 'application/json', 400],
  ['no media type', 'grant_type=client_credentials', 'text/plain', 400],
  [
    'too many parameters',
    Array.from({ length: 33 }, (_, n) => `p${n}=1`).join('&'),
    undefined,
    400,
  ],
  [
    'a body beyond the limit',
    `grant_type=client_credentials&x=${'a'.repeat(17_000)}`,
    undefined,
    413,
  ],
])('a request is refused as invalid: %s', async (_name, body, contentType, status) => {
  const { stack } = await openWithClient()
  await using _ = stack
  const response = await stack.call('/oauth/token', {
    method: 'POST',
    headers: { 'content-type': contentType ?? 'application/x-www-form-urlencoded' },
    body,
  })
  expect(response.status).toBe(status)
  expect(((await response.json()) as Json)['error']).toBe('invalid_request')
})

test('a token request must be POST, and credentials in the URL are not read', async () => {
  const { stack, grant } = await openWithClient()
  await using _ = stack
  const query = new URLSearchParams(grant)
  const get = await stack.call(`/oauth/token?${query}`)
  expect(get.status).toBe(405)
  expect(get.headers.get('allow')).toBe('POST')
  const post = await stack.call(`/oauth/token?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect(post.status).toBe(401)
})
