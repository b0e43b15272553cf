import { devSubaccountId } from '@twinlatch/kit'
import { createFakeClock } from '@twinlatch/testing'
import {
  decodeJwt,
  decodeProtectedHeader,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import { expect, test } from 'vitest'
import { acmeId, openTokenStack } from '../testing/token-stack.ts'
import { createSigningKeyStore } from './signing-key-store.ts'

/** A token of ours after `change`, signed by our own key: only the claims can give it away. */
async function verifyChanged(
  change: (payload: JWTPayload) => JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
) {
  await using stack = await openTokenStack(createFakeClock())
  const { clientid = '', clientsecret = '' } = await stack.bind('app')
  const response = await stack.token({
    grant_type: 'client_credentials',
    client_id: clientid,
    client_secret: clientsecret,
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const { store } = stack
  const [key] = await createSigningKeyStore(store.seal).list(store.database)
  if (!key) throw new Error('there is no signing key')
  const signed = await new SignJWT(change(decodeJwt(token)))
    .setProtectedHeader({ ...(decodeProtectedHeader(token) as JWTHeaderParameters), ...header })
    .sign(key.privateKey)
  // Awaited here: the stack is closed when this function returns.
  return await stack.service.verify(signed)
}

test('unchanged, such a token is accepted', async () => {
  expect(await verifyChanged((payload) => payload)).toHaveProperty('clientId')
})

test.each<[string, (payload: JWTPayload) => JWTPayload]>([
  ['of another issuer', (payload) => ({ ...payload, iss: 'https://localhost:8443/oauth/token' })],
  ['for another audience', (payload) => ({ ...payload, aud: [String(payload['cid'])] })],
  ['whose audience lacks its client', (payload) => ({ ...payload, aud: ['uaa', 'sb-other!b1'] })],
  ['whose audience is a text', (payload) => ({ ...payload, aud: 'uaa' })],
  ['of a subaccount its client is not of', (payload) => ({ ...payload, zid: acmeId })],
  ['of a subaccount that is no GUID', (payload) => ({ ...payload, zid: 'dev' })],
  [
    'of a client that does not exist',
    (payload) => ({ ...payload, cid: 'sb-x', aud: ['uaa', 'sb-x'] }),
  ],
  ['not valid yet', (payload) => ({ ...payload, nbf: Number(payload.exp) })],
])('a token %s is refused although we signed it', async (_name, change) => {
  expect(await verifyChanged(change)).toMatchObject({ reason: 'invalid' })
})

test.each(['exp', 'iat', 'zid', 'cid', 'iss', 'aud'])(
  'a token without %s is refused',
  async (claim) => {
    const without = ({ [claim]: _, ...rest }: JWTPayload) => rest
    expect(await verifyChanged(without)).toMatchObject({ reason: 'invalid' })
  },
)

test.each([{ alg: 'PS256' }, { typ: 'at+jwt' }])(
  'a token with header %j is refused',
  async (header) => {
    expect(await verifyChanged((payload) => payload, header)).toMatchObject({ reason: 'invalid' })
  },
)

test('the subaccount of the binding is what counts', async () => {
  await using stack = await openTokenStack(createFakeClock())
  const { tenantid } = await stack.bind('app')
  expect(tenantid).toBe(devSubaccountId)
  expect((await stack.bind('app', acmeId))['tenantid']).toBe(acmeId)
})
