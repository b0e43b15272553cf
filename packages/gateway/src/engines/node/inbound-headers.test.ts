import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalHeaderName } from '../../canonical-header.ts'
import { filledNames, isForwarded, readClientHeaders } from './inbound-headers.ts'
import { NameSieve } from './name-sieve.ts'

const peerFilled = filledNames(new Set(['x-caller', 'tenant', '-odd']))
const names = (name: string) =>
  readClientHeaders([[name, 'forged']], peerFilled).lines.map(([kept]) => kept)

// CGI and what descends from it makes one variable of all of them: HTTP_X_CLIENT_SSL_CN.
test.each([
  'X-Client-Ssl-Cn',
  'X_Client_Ssl_Cn',
  'x-client_ssl-cn',
  'X.Client.Ssl.Cn',
  'X-Client-Ssl.Cn',
  "X'Client~Ssl!Cn",
  'X.Forwarded.Client.Cert',
  'Ssl-Client-Cert',
  'client.cert',
  'Client-Cert-Chain',
  'x.envoy.internal',
  'x.request.id',
  'X-Caller',
  'X.Caller',
  'X_Caller',
  'TENANT',
  '_odd',
  'Host',
  'X.Forwarded.Host',
  'Content_Length',
  'Transfer_Encoding',
  'transfer.encoding',
])('the client copy of %s is removed', (name) => {
  expect(names(name)).toEqual([])
})

test.each(['X-Forwarded-Host', 'X_Foo', 'X.Foo', 'X-Callers', 'X-Client', 'Content-Type'])(
  '%s of the client is passed on',
  (name) => {
    expect(names(name)).toEqual([name])
  },
)

test('all lines of x-forwarded-for and of x-forwarded-client-cert are read, others are kept', () => {
  const read = readClientHeaders(
    [
      ['A', '1'],
      ['X-Forwarded-For', '192.0.2.1'],
      ['x-forwarded-client-cert', 'Hash=1'],
      ['b', '2'],
      ['x-forwarded-for', '192.0.2.2, 192.0.2.3'],
      ['X-Forwarded-Client-Cert', 'Hash=2'],
      ['x_forwarded_for', '192.0.2.4'],
    ],
    peerFilled,
  )
  expect(read).toEqual({
    lines: [
      ['A', '1'],
      ['b', '2'],
    ],
    forwardedFor: '192.0.2.1,192.0.2.2, 192.0.2.3',
    xfcc: ['Hash=1', 'Hash=2'],
  })
})

/** Names that rules know, in spellings of any kind, and names that only look like them. */
const known = [
  ...['client-cert', 'client-cert-chain', 'x-client-ssl-cn', 'ssl-client-verify', 'x-ssl-client-s'],
  ...['x-client-certificate', 'x-envoy-a', 'x-forwarded-client-cert', 'x-forwarded-for', 'host'],
  ...['x-forwarded-proto', 'x-request-id', 'x-forwarded-port', 'content-length', 'connection'],
  ...['transfer-encoding', 'upgrade', 'referer', 'x-caller', 'tenant', '-odd', 'accept', 'sec-a'],
]
const sign = fc.constantFrom(..."-_.!#$%&'*+^`|~", 'a', '')
const spelling = fc
  .tuple(
    fc.constantFrom(...known),
    fc.array(fc.tuple(fc.boolean(), sign), { minLength: 32, maxLength: 32 }),
  )
  .map(([name, choices]) =>
    [...name]
      .map((character, index) => {
        const [upper, other] = choices[index] ?? [false, '-']
        if (character === '-') return other
        return upper ? character.toUpperCase() : character
      })
      .join(''),
  )
const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,24}$/)

test('the short cuts never keep what the whole rule removes, nor the other way round', () => {
  fc.assert(
    fc.property(fc.oneof(spelling, token), (name) => {
      const value = 'https://user@a.example/#x'
      const kept = readClientHeaders([[name, value]], peerFilled).lines.length === 1
      expect(kept).toBe(isForwarded(name, value, peerFilled.names))
    }),
    { numRuns: 3000 },
  )
})

test('a sieve never says no to a name that is in the set', () => {
  fc.assert(
    fc.property(token, fc.array(token), (name, others) => {
      const sieve = new NameSieve([...others, name].map(canonicalHeaderName))
      expect(sieve.mayHold(name)).toBe(true)
    }),
  )
})

test('a sieve says no to most names', () => {
  const sieve = new NameSieve(['x-client-ssl-cn', 'tenant'])
  expect(['accept', 'cookie', 'user-agent', 'x-id'].filter((name) => sieve.mayHold(name))).toEqual(
    [],
  )
})
