import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { TokensError } from '@twinlatch/tokens'
import { readClientCredentials } from '../../../packages/tokens/src/client-auth.ts'
import { parseForm } from '../../../packages/tokens/src/form.ts'
import { verifyAccessToken } from '../../../packages/tokens/src/token.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

const refuses = (error: unknown) => error instanceof TokensError
const urls = {
  token: 'https://localhost:9444',
  issuer: 'https://dev.localhost:9444',
  uaadomain: 'localhost:9444',
  destinations: 'https://localhost:9444',
}
const clock = { now: () => new Date(1_700_000_000_000) }

/** Token requests: the form, and the credentials in it or in a header. */
export const form: FuzzTarget = {
  name: 'token-form',
  kind: 'text',
  words: [
    '&',
    '=',
    'client_id=',
    'client_secret=',
    'grant_type=client_credentials',
    '%',
    '%FF',
    '+',
    'Basic ',
  ],
  corpus: async () =>
    bytesOf(
      'grant_type=client_credentials&client_id=sb-a%21b&client_secret=c%2Bd',
      'Basic c2ItYTpzZWNyZXQ=',
      'a=b&c=&d=e',
    ),
  run(input) {
    const text = textOf(input)
    const parsed = parseForm(text)
    expectThat(
      [...parsed].every(([, value]) => value !== ''),
      'no parameter is empty',
    )
    const { clientId } = readClientCredentials(text.startsWith('Basic') ? text : null, parsed)
    expectThat(clientId.length <= 256, 'an id has its limit')
    return true
  },
  refuses,
}

let signingKey: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } | undefined

/**
 * Access tokens. The inputs are header and payload as JSON; every sixteenth is signed with our own
 * key, so that also the checks behind the signature are reached.
 */
export const accessToken: FuzzTarget = {
  name: 'access-token',
  kind: 'json',
  words: [
    'alg',
    'kid',
    'crit',
    'b64',
    'typ',
    'exp',
    'aud',
    'zid',
    'cid',
    'none',
    'HS256',
    'jwk',
    'jku',
  ],
  async corpus() {
    signingKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    const header = {
      alg: 'RS256',
      typ: 'JWT',
      kid: 'key_1',
      jku: 'https://localhost:9444/token_keys',
    }
    const payload = {
      ...{
        iss: `${urls.issuer}/oauth/token`,
        aud: ['uaa', 'sb-a'],
        cid: 'sb-a',
        iat: 1_699_999_000,
      },
      ...{
        zid: 'e56e1a2a-7dc2-5c14-b789-e39e4b30b093',
        exp: 1_700_040_000,
        ext_attr: { enhancer: 'X' },
      },
    }
    const parts = JSON.stringify([header, payload])
    const signed = parts.padEnd(Math.ceil(parts.length / 16) * 16)
    return bytesOf(parts, signed, 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln')
  },
  async run(input) {
    const result = await verifyAccessToken(tokenOf(textOf(input), input.length % 16 === 0), {
      ...{ urls, clock },
      keys: {
        find: async (kid) => (/^key_1$/.test(kid) ? signingKey?.publicKey : undefined),
        current: () => fail(),
        publish: () => fail(),
        verificationKey: () => fail(),
      },
    })
    return !('reason' in result)
  },
  refuses,
}

function tokenOf(text: string, signed: boolean): string {
  const [header, payload] = partsOf(text)
  if (header === undefined || !signingKey) return text
  const body = [header, payload].map((part) => encode(JSON.stringify(part) ?? '')).join('.')
  const signature = signed ? sign('sha256', Buffer.from(body), signingKey.privateKey) : 'x'
  return `${body}.${Buffer.from(signature).toString('base64url')}`
}

function partsOf(text: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(text)
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function fail(): never {
  throw new TypeError('verification needs nothing but public keys')
}
