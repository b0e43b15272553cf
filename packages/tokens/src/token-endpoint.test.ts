import { devSubaccountId } from '@twinlatch/kit'
import { createFakeClock, operationsOf, routesOf } from '@twinlatch/testing'
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWK,
  jwtVerify,
} from 'jose'
import { expect, test } from 'vitest'
import { openTokenStack } from '../testing/token-stack.ts'
import { tokenForm } from './form.ts'
import { grants } from './grants/grants.ts'
import { openApi } from './openapi.ts'

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

test('a client with its secret in the body gets a token as existing clients expect it', async () => {
  const { stack, grant } = await openWithClient()
  await using _ = stack
  const response = await stack.token(grant)
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('pragma')).toBe('no-cache')
  expect(response.headers.get('content-type')).toContain('application/json')
  const answer = (await response.json()) as Json
  expect(answer).toEqual({
    access_token: expect.any(String),
    token_type: 'bearer',
    expires_in: 43_199,
    scope: 'uaa.resource',
    jti: expect.stringMatching(/^[0-9a-f]{32}$/),
  })
})

test('the token has the claims and header of section 4, and no subdomain', async () => {
  const { stack, grant, client, clock } = await openWithClient()
  await using _ = stack
  const { access_token: token } = (await (await stack.token(grant)).json()) as {
    access_token: string
  }
  expect(decodeProtectedHeader(token)).toEqual({
    alg: 'RS256',
    typ: 'JWT',
    kid: expect.stringMatching(/^key_[0-9a-f]{32}$/),
    jku: 'https://localhost:8443/token_keys',
  })
  const issuedAt = Math.floor(clock.now().getTime() / 1000)
  const { instanceid } = (await stack.service.showBinding(devSubaccountId, 'app', 'admin'))
    .credentials
  expect(decodeJwt(token)).toEqual({
    jti: expect.any(String),
    ext_attr: {
      enhancer: 'XSUAA',
      subaccountid: devSubaccountId,
      serviceinstanceid: instanceid,
    },
    sub: client.client_id,
    client_id: client.client_id,
    cid: client.client_id,
    azp: client.client_id,
    grant_type: 'client_credentials',
    authorities: ['uaa.resource'],
    scope: ['uaa.resource'],
    aud: ['uaa', client.client_id],
    zid: devSubaccountId,
    iss: 'https://authentication.localhost:8443/oauth/token',
    iat: issuedAt,
    exp: issuedAt + 43_199,
  })
})

test('the published keys verify the token, are complete, and hold nothing private', async () => {
  const { stack, grant, clock } = await openWithClient()
  await using _ = stack
  const { access_token: token } = (await (await stack.token(grant)).json()) as {
    access_token: string
  }
  const response = await stack.call(`/token_keys?zid=${devSubaccountId}`)
  expect(response.status).toBe(200)
  const { keys } = (await response.json()) as { keys: JWK[] }
  for (const key of keys) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    await importJWK(key)
  }
  const key = keys.find(({ kid }) => kid === decodeProtectedHeader(token).kid)
  expect(key).toBeDefined()
  await jwtVerify(token, await importJWK(key as JWK), { currentDate: clock.now() })
})

test.each([
  ['raw', (text: string) => text],
  ['form-encoded', encodeURIComponent],
])('a client may send its credentials in the Basic header, %s', async (_name, encode) => {
  const { stack, client } = await openWithClient()
  await using _ = stack
  const pair = `${encode(client.client_id)}:${encode(client.client_secret)}`
  const response = await stack.token(
    { grant_type: 'client_credentials' },
    { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
  )
  expect(response.status).toBe(200)
})

test('charset, parameters without a meaning, the own x-zid and token_format jwt are no obstacle', async () => {
  const { stack, grant } = await openWithClient()
  await using _ = stack
  const response = await stack.call('/oauth/token', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      'x-zid': devSubaccountId,
    },
    body: new URLSearchParams({
      ...grant,
      token_format: 'jwt',
      response_type: 'token',
      scope: 'uaa.resource',
    }).toString(),
  })
  expect(response.status).toBe(200)
})

test('the metadata names the endpoints, and only what is built', async () => {
  const { stack } = await openWithClient()
  await using _ = stack
  const metadata = (await (await stack.call('/.well-known/openid-configuration')).json()) as Json
  expect(metadata).toMatchObject({
    issuer: 'https://authentication.localhost:8443/oauth/token',
    token_endpoint: 'https://localhost:8443/oauth/token',
    jwks_uri: 'https://localhost:8443/token_keys',
    grant_types_supported: ['client_credentials'],
  })
  expect(metadata).not.toHaveProperty('authorization_endpoint')
  expect(() => createRemoteJWKSet(new URL(String(metadata['jwks_uri'])))).not.toThrow()
})

test('answers are counted by grant and result, with labels that callers cannot choose', async () => {
  const { stack, grant, client } = await openWithClient()
  await using _ = stack
  await stack.token(grant)
  await stack.token({ ...client, grant_type: 'made-up-by-the-caller' })
  const text = await stack.metrics.render()
  expect(text).toContain(
    'twinlatch_tokens_issued_total{grant="client_credentials",result="issued"} 1',
  )
  expect(text).toContain('{grant="other",result="unsupported_grant_type"} 1')
  expect(text).not.toContain('made-up')
})

test('every route is published, and nothing else is', async () => {
  await using stack = await openTokenStack(createFakeClock())
  expect(routesOf(stack.app)).toEqual(operationsOf(openApi))
})

test('every grant that is built is published', () => {
  expect(tokenForm.shape.grant_type.options).toEqual(grants.map(({ grantType }) => grantType))
})
