import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { devSubaccountId } from '@twinlatch/kit'
import { createFakeClock } from '@twinlatch/testing'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { acmeId, openTokenStack, type TokenStack } from '../testing/token-stack.ts'
import { authenticateByToken } from './service.ts'

async function issue(stack: TokenStack, name = 'app', subaccountId = devSubaccountId) {
  const { clientid = '', clientsecret = '', instanceid = '' } = await stack.bind(name, subaccountId)
  const response = await stack.token({
    grant_type: 'client_credentials',
    client_id: clientid,
    client_secret: clientsecret,
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return { token, clientid, instanceid }
}

const foreign: KeyObject = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

function sign(payload: JWTPayload, header: Record<string, string>, key: KeyObject = foreign) {
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header }).sign(key)
}

describe('an access token', () => {
  test('speaks for its client, subaccount and instance until it expires', async () => {
    const clock = createFakeClock()
    await using stack = await openTokenStack(clock)
    const { token, clientid, instanceid } = await issue(stack, 'app', acmeId)
    expect(await stack.service.verify(token)).toEqual({
      clientId: clientid,
      subaccountId: acmeId,
      subaccountName: 'acme',
      instanceId: instanceid,
      expiresAt: new Date(clock.now().getTime() + 43_199_000),
    })
    clock.advance(43_198_000)
    expect(await stack.service.verify(token)).toHaveProperty('clientId')
    clock.advance(1000)
    expect(await stack.service.verify(token)).toMatchObject({ reason: 'expired' })
  })

  test('is good after a restart, with the same key', async () => {
    const clock = createFakeClock()
    const first = await openTokenStack(clock)
    const { token } = await issue(first)
    await using second = await first.restart()
    expect(await second.service.verify(token)).toHaveProperty('clientId')
    const again = await issue(second, 'other')
    expect(decodeProtectedHeader(again.token).kid).toBe(decodeProtectedHeader(token).kid)
    expect(await second.service.publicKeys()).toHaveLength(1)
  })

  test('is worth nothing once its binding is deleted', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const { token } = await issue(stack)
    await stack.service.deleteBinding(devSubaccountId, 'app', 'admin')
    expect(await stack.service.verify(token)).toMatchObject({ reason: 'invalid' })
  })

  test('is worth nothing once its subaccount is gone', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const { token } = await issue(stack)
    stack.known.delete(devSubaccountId)
    expect(await stack.service.verify(token)).toMatchObject({ reason: 'unknown-subaccount' })
  })

  test('of another installation is not accepted, although its claims are the same', async () => {
    await using stack = await openTokenStack(createFakeClock())
    await using other = await openTokenStack(createFakeClock())
    const { token } = await issue(other)
    expect(await stack.service.verify(token)).toMatchObject({ reason: 'invalid' })
  })

  test.each<[string, (token: string) => Promise<string> | string]>([
    [
      'signed by a foreign key under our key id',
      (token) => sign(decodeJwt(token), { kid: decodeProtectedHeader(token).kid ?? '' }),
    ],
    [
      'naming its own key set',
      (token) =>
        sign(decodeJwt(token), { kid: 'key-1', jku: 'https://evil.example.test/token_keys' }),
    ],
    ['without a key id', (token) => sign(decodeJwt(token), {})],
    [
      'with an unknown key id of our form',
      (token) => sign(decodeJwt(token), { kid: `key_${'0'.repeat(32)}` }),
    ],
    [
      'unsigned',
      (token) =>
        `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${token.split('.')[1]}.`,
    ],
    [
      'with an altered payload',
      (token) => {
        const [header, payload = '', signature] = token.split('.')
        const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), zid: acmeId }
        return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join(
          '.',
        )
      },
    ],
    [
      'with an object for a key id, which no text can be made of',
      () => {
        const header = { alg: 'RS256', typ: 'JWT', kid: { toString: 1 } }
        return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.c2ln`
      },
    ],
    ['that is no JWT', () => 'abc'],
    ['beyond the length limit', (token) => token + 'A'.repeat(9000)],
  ])('%s is refused', async (_name, forge) => {
    await using stack = await openTokenStack(createFakeClock())
    const { token } = await issue(stack)
    expect(await stack.service.verify(await forge(token))).toHaveProperty('reason')
  })
})

describe('authentication by access token', () => {
  test('makes a caller of instance level', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const { token, clientid, instanceid } = await issue(stack)
    const authenticate = authenticateByToken(stack.service)
    expect(await authenticate(new Headers({ authorization: `Bearer ${token}` }))).toEqual({
      kind: 'client',
      name: clientid,
      subaccountId: devSubaccountId,
      subaccountName: 'dev',
      instanceId: instanceid,
    })
  })

  test.each([
    [{}, 'missing'],
    [{ authorization: 'Basic abc' }, 'malformed'],
    [{ authorization: 'Bearer abc' }, 'invalid'],
  ])('%j is %s', async (headers, reason) => {
    await using stack = await openTokenStack(createFakeClock())
    const authenticate = authenticateByToken(stack.service)
    expect(await authenticate(new Headers(headers))).toMatchObject({ reason })
  })
})
