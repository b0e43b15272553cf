import { parseCertificates } from '@twinlatch/pki'
import { identifyPeer } from '@twinlatch/trust'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeaderContext } from './header-operators.ts'
import { parseHeaderValue } from './header-value.ts'
import { workedCertificate } from './testdata/worked-certificate.ts'

const [certificate] = parseCertificates(workedCertificate)
const peer = identifyPeer(certificate ? [certificate.raw] : [])

const context: HeaderContext = {
  local: { subject: 'CN=server', uriSans: ['spiffe://us'], dnsSans: ['a', 'b'], hostname: 'pod-1' },
  requestLines: [
    ['X-Id', 'first'],
    ['x-id', 'second'],
    ['Empty', ''],
  ],
  values: {
    peer,
    tlsVersion: 'TLSv1.3',
    tlsCipher: 'TLS_AES_256_GCM_SHA384',
    requestedServerName: 'a.mtls.localhost',
    remoteAddress: '192.0.2.1',
    remotePort: 4711,
    localPort: 9443,
    startTime: new Date('2026-11-20T15:38:11.042Z'),
    method: 'GET',
    authority: 'a.mtls.localhost:9443',
    path: '/x?y',
    header: () => ['from the client'],
  },
}

describe('the worked certificate of gateway.md section 7.5', () => {
  test.each([
    [
      '%DOWNSTREAM_PEER_SUBJECT%',
      'CN=poster (P000000),L=tenant-1,OU=Canary,OU=Cloud Clients,O=Example SE,C=DE',
    ],
    ['%DOWNSTREAM_PEER_ISSUER%', 'CN=Example Client CA,OU=Cloud Clients,O=Example SE,L=EU10,C=DE'],
    ['%DOWNSTREAM_PEER_URI_SAN%', 'spiffe://example/ns/a/sa/b'],
    ['%DOWNSTREAM_PEER_DNS_SAN%', 'poster.example'],
    ['%DOWNSTREAM_PEER_SERIAL%', '012345'],
    [
      '%DOWNSTREAM_PEER_FINGERPRINT_256%',
      '2a8bf31024bf2f0263541d111fb6f7e59d69966c59730af56fab0673f34f0b0c',
    ],
    ['%DOWNSTREAM_PEER_CERT_V_END%', '2036-11-20T15:38:11.000Z'],
    ['%DOWNSTREAM_PEER_CERT_V_END(%b %e %H:%M:%S %Y %Z)%', 'Nov 20 15:38:11 2036 UTC'],
    ['%DOWNSTREAM_PEER_CERT_V_START(%s)%', '1795448291'],
  ])('%s', (template, text) => {
    expect(parseHeaderValue(template).format(context)).toBe(text)
  })

  test('the certificate is written URL-encoded', () => {
    const text = parseHeaderValue('%DOWNSTREAM_PEER_CERT%').format(context)
    expect(text).toMatch(/^-----BEGIN%20CERTIFICATE-----%0AMIICXzCCAgWg/)
    expect(text).toMatch(/SIOekeEhIXu0%3D%0A-----END%20CERTIFICATE-----%0A$/)
  })
})

test.each([
  ['plain', 'plain'],
  ['100%%', '100%'],
  ['%REQ(X-Id)%', 'first'],
  ['%REQUEST_HEADER(nope?x-id)%', 'first'],
  ['%REQ(:AUTHORITY)%', 'a.mtls.localhost:9443'],
  ['%REQ(:PATH)% %REQ(:METHOD)%', '/x?y GET'],
  ['%REQ(nope)%', ''],
  ['a%REQ(nope)%b', 'ab'],
  ['%PROTOCOL%:5', 'HTTP/1.1:5'],
  ['%DOWNSTREAM_TLS_SESSION_ID%', ''],
  ['%DOWNSTREAM_REMOTE_ADDRESS%', '192.0.2.1:4711'],
  ['%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%', '192.0.2.1'],
  ['%DOWNSTREAM_LOCAL_SUBJECT%|%DOWNSTREAM_LOCAL_DNS_SAN%', 'CN=server|a,b'],
  ['%DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_TLS_CIPHER%', 'TLSv1.3 TLS_AES_256_GCM_SHA384'],
  ['%START_TIME%', '2026-11-20T15:38:11.042Z'],
  ['%START_TIME(%Y-%j)%', null],
  ['%START_TIME(%3f)%', '042'],
  ['%HOSTNAME%', 'pod-1'],
  ['%REQUESTED_SERVER_NAME%', 'a.mtls.localhost'],
])('%s', (template, text) => {
  if (text === null) expect(() => parseHeaderValue(template)).toThrow(/time format/)
  else expect(parseHeaderValue(template).format(context)).toBe(text)
})

test('without a client certificate no peer operator has a value', () => {
  const none = { ...context, values: { ...context.values, peer: null } }
  expect(parseHeaderValue('%DOWNSTREAM_PEER_SUBJECT%').format(none)).toBe('')
  expect(parseHeaderValue('cn=%DOWNSTREAM_PEER_SUBJECT%').format(none)).toBe('cn=')
})

test.each([
  ['100%', /lone "%"/],
  ['a%b%c', /unknown or unsupported operator %b%/],
  ['%REQ()%', /needs an argument/],
  ['%REQ%', /needs an argument/],
  ['%REQ(A?B?C)%', /one header name, or two/],
  ['%REQ(a b)%', /one header name, or two/],
  ['%REQ(X):5%', /length/],
  ['%DOWNSTREAM_PEER_SUBJECT:5%', /length|lone/],
  ['%downstream_peer_subject%', /did you mean %DOWNSTREAM_PEER_SUBJECT%/],
  ['%DOWNSTREAM_PEER_SUBJET%', /did you mean %DOWNSTREAM_PEER_SUBJECT%/],
  ['%DYNAMIC_METADATA(a:b)%', /unsupported/],
  ['%FILTER_STATE(a)%', /unsupported/],
  ['%ENVIRONMENT(PATH)%', /unsupported/],
  ['%PROTOCOL(x)%', /takes no argument/],
  ['a\r\nX-Evil: 1', /control characters/],
  ['a\0', /control characters/],
  ['x'.repeat(5000), /longer than/],
])('%j is a load error', (template, message) => {
  expect(() => parseHeaderValue(template)).toThrow(message)
})

test('any text is either a template or refused with the code of a header value', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('%', '(', ')', ':', '?', 'R', 'E', 'Q', 'x', '5') }),
      (text) => {
        try {
          expect(typeof parseHeaderValue(text).format(context)).toBe('string')
        } catch (error) {
          expect(error).toMatchObject({ code: 'gateway/header-value' })
        }
      },
    ),
  )
})
