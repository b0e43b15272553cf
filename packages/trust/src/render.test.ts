import { expect, test } from 'vitest'
import { codeBook } from './code-book.ts'
import { stageOfCode } from './decision.ts'
import type { Explanation } from './explanation.ts'
import { hintsFor } from './hints.ts'
import { renderExplanation } from './render.ts'

const now = new Date('2026-11-23T15:04:17.000Z')
const got = 'CN=poster-quovadis,OU=Clients,O=Dev,C=DE'
const wanted = 'CN=poster-quovadis,OU=Canary,O=Dev,C=DE'

const denied: Explanation = {
  id: '6f1c2b7e-2d0a-4e57-9c3b-0d8a4b1f7e21',
  parentId: null,
  time: '2026-11-23T15:04:05.000Z',
  subaccount: 'dev',
  listener: 'gateway',
  outcome: 'denied',
  stage: 'policy',
  code: 'POL_NO_ALLOW_MATCHED',
  status: 403,
  summary: 'No ALLOW policy matched at the workload point.',
  connection: {
    peer: '127.0.0.1:51514',
    sni: 'httpbin-x509.mtls.localhost',
    alpn: 'http/1.1',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    resumed: false,
  },
  certificate: null,
  request: {
    method: 'GET',
    host: 'httpbin-x509.mtls.localhost:9443',
    path: '/headers',
    route: 'quovadis/httpbin rule 0',
  },
  steps: [
    { stage: 'sni', result: 'pass', detail: 'host *.mtls.localhost on gateway dev/mtls' },
    { stage: 'revocation', result: 'skip', detail: 'this host has no revocation list' },
    { stage: 'policy', result: 'fail', detail: '0 of 1 ALLOW rule matched' },
  ],
  policies: [
    {
      name: 'httpbin-clients',
      action: 'ALLOW',
      point: 'workload',
      rule: 0,
      matched: false,
      nearMiss: {
        clause: 'when[0]',
        key: 'request.headers[X-Client-Ssl-Cn]',
        wanted,
        got,
        difference: 'RDN 2: OU=Canary / OU=Clients',
      },
    },
  ],
  hints: [{ text: 'Change the rule.', command: 'twinlatch dn compare a b' }],
}

test('a denied request is told as the specification shows it', () => {
  expect(
    renderExplanation(denied, { now }),
  ).toBe(`DENIED  403  POL_NO_ALLOW_MATCHED   6f1c2b7e-2d0a-4e57-9c3b-0d8a4b1f7e21   12 s ago
GET https://httpbin-x509.mtls.localhost:9443/headers
No ALLOW policy matched at the workload point.

  ✓ sni         host *.mtls.localhost on gateway dev/mtls
  – revocation  this host has no revocation list
  ✕ policy      0 of 1 ALLOW rule matched

  nearest  policy httpbin-clients, rule 0, when[0]
    wanted  CN=poster-quovadis,OU=Canary,O=Dev,C=DE
    got     CN=poster-quovadis,OU=Clients,O=Dev,C=DE
                               ~~~~~~~~~~
            RDN 2: OU=Canary / OU=Clients

  to allow it
    Change the rule.
    twinlatch dn compare a b
`)
})

test('ASCII marks are there for terminals without more', () => {
  const text = renderExplanation(denied, { now, ascii: true })
  expect(text).toContain('  x policy      0 of 1')
  expect(text).not.toMatch(/[^\n -~]/)
})

test('a refused connection shows the certificate it is about', () => {
  const text = renderExplanation(
    {
      ...denied,
      stage: 'validity',
      code: 'VAL_EXPIRED',
      status: null,
      request: null,
      policies: [],
      certificate: {
        subject: got,
        issuer: 'CN=Dev Client CA',
        serial: '4a64',
        sha256: '00',
        notBefore: '2026-11-01T00:00:00.000Z',
        notAfter: '2026-11-20T00:00:00.000Z',
        eku: ['clientAuth'],
        chain: [],
        verified: false,
        verifyError: 'CERT_HAS_EXPIRED',
      },
    },
    { now },
  )
  expect(text).toContain('DENIED  connection closed  VAL_EXPIRED')
  expect(text).toContain('TLS connection to httpbin-x509.mtls.localhost from 127.0.0.1:51514')
  expect(text).toContain(`    subject  ${got}`)
  expect(text).toContain('    openssl  CERT_HAS_EXPIRED')
})

test('nothing a caller chose gives orders to the terminal', () => {
  const evil = '\u001b[2J\r\u202eevil\u0085'
  const [policy] = denied.policies
  if (!policy?.nearMiss) throw new Error('no near miss')
  const text = renderExplanation(
    {
      ...denied,
      summary: evil,
      request: { method: evil, host: evil, path: evil, route: evil },
      steps: [{ stage: 'policy', result: 'fail', detail: evil }],
      policies: [
        { ...policy, name: evil, nearMiss: { ...policy.nearMiss, got: evil, wanted: evil } },
      ],
      hints: [{ text: evil, command: evil }],
    },
    { now },
  )
  for (const character of '\u001b\r\u202e\u0085') expect(text).not.toContain(character)
})

test('a near miss of two names comes with the command that compares them, safe to paste', () => {
  const [policy] = denied.policies
  if (!policy?.nearMiss) throw new Error('no near miss')
  const nearMiss = { ...policy.nearMiss, got: "CN=a'; reboot; ',O=Dev" }
  const [hint] = hintsFor({
    code: 'POL_NO_ALLOW_MATCHED',
    policies: [{ ...policy, nearMiss }],
  })
  expect(hint?.command).toBe(`twinlatch dn compare '${wanted}' 'CN=a'\\''; reboot; '\\'',O=Dev'`)
})

test.each(Object.keys(stageOfCode) as (keyof typeof stageOfCode)[])(
  '%s has a text and a hint',
  (code) => {
    expect(codeBook[code].meaning).toMatch(/\.$/)
    const [hint] = hintsFor({ code, policies: [] })
    expect(hint?.text).not.toBe('')
    expect(hint?.command ?? 'twinlatch status').toMatch(/^twinlatch [a-z]/)
  },
)
