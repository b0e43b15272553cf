import { describe, expect, test } from 'vitest'
import { parseManifests } from '../manifest.ts'

function problemsWith(server: object, spec: object = {}): string[] {
  const document = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'g', namespace: 'ns' },
    spec: {
      servers: [
        {
          port: { number: 443, name: 'https', protocol: 'HTTPS' },
          hosts: ['*.a.example'],
          tls: { mode: 'MUTUAL', credentialName: 'c' },
          ...server,
        },
      ],
      ...spec,
    },
  }
  const { problems } = parseManifests([{ name: 'f', text: JSON.stringify(document) }])
  return problems.map(({ path, message }) => `${path}: ${message}`)
}

const tls = (fields: object) =>
  problemsWith({ tls: { mode: 'MUTUAL', credentialName: 'c', ...fields } })

test.each([
  ['MUTUAL', {}],
  ['versions', { minProtocolVersion: 'TLSV1_2', maxProtocolVersion: 'TLS_AUTO' }],
  ['suites', { cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256', 'DES-CBC3-SHA'] }],
  ['OPTIONAL_MUTUAL', { mode: 'OPTIONAL_MUTUAL', caCertCredentialName: 'ca' }],
  ['SIMPLE', { mode: 'SIMPLE' }],
  ['config map', { caCertCredentialName: 'configmap://ns/ca' }],
  [
    'hash',
    { verifyCertificateHash: ['a'.repeat(64), 'AB'.repeat(32), Array(32).fill('0f').join(':')] },
  ],
])('%s is read', (_, fields) => {
  expect(tls(fields)).toEqual([])
})

describe('tls (gateway.md sections 2.2, 2.3 and 18)', () => {
  test.each<[object, RegExp]>([
    [{ mode: undefined }, /PASSTHROUGH, also the meaning of an absent mode/],
    [{ mode: 'PASSTHROUGH' }, /tls.mode: mode PASSTHROUGH/],
    [{ mode: 'AUTO_PASSTHROUGH' }, /AUTO_PASSTHROUGH is not supported/],
    [{ mode: 'ISTIO_MUTUAL' }, /ISTIO_MUTUAL is not supported/],
    [{ mode: 'MUTAUL' }, /did you mean "MUTUAL"/],
    [{ credentialName: undefined }, /credentialName: missing/],
    [{ credentialNames: ['a', 'b'] }, /credentialNames is not built yet/],
    [{ serverCertificate: '/etc/x' }, /file path are not built yet/],
    [{ privateKey: '/etc/x' }, /file path/],
    [{ caCertificates: '/etc/x' }, /file path/],
    [{ tlsCertificates: [] }, /file path/],
    [{ caCrl: '/etc/x' }, /belongs into the secret/],
    [{ ecdhCurves: ['P-256'] }, /MeshConfig/],
    [{ httpsRedirect: true }, /not built yet/],
    [{ insecureSkipVerify: true }, /self-signed certificate as CA and verifyCertificateHash/],
    [{ minProtocolVersion: 'TLSV1_0' }, /1\.0 and 1\.1 are refused/],
    [{ maxProtocolVersion: 'TLSV1_1' }, /1\.0 and 1\.1 are refused/],
    [{ minProtocolVersion: 'TLSV1_3', maxProtocolVersion: 'TLSV1_2' }, /above maxProtocolVersion/],
    [{ cipherSuites: ['TLS_AES_128_GCM_SHA256'] }, /TLS 1\.3 cannot be chosen/],
    [{ cipherSuites: ['RC4-SHA'] }, /is not one of ECDHE/],
    [{ cipherSuites: [] }, /empty list/],
    [{ verifyCertificateHash: ['ab'] }, /not a hex SHA-256/],
    [{ verifyCertificateHash: [`${'ab:'.repeat(31)}a`] }, /not a hex SHA-256/],
    [{ verifyCertificateHash: [`ab:${'ab'.repeat(31)}`] }, /not a hex SHA-256/],
    [{ verifyCertificateSpki: ['AAAA'] }, /not the base64 of a SHA-256/],
    [{ mode: 'SIMPLE', subjectAltNames: ['a'] }, /subjectAltNames: SIMPLE asks for no/],
    [{ mode: 'SIMPLE', verifyCertificateHash: ['a'.repeat(64)] }, /SIMPLE asks for no/],
    [{ mode: 'SIMPLE', caCertCredentialName: 'a' }, /SIMPLE asks for no/],
    [{ caCertCredentialName: 'file://x' }, /not a secret name or configmap/],
    [{ credentialname: 'x' }, /did you mean "credentialName"/],
  ])('%j is refused', (fields, message) => {
    expect(tls(fields)).toEqual([expect.stringMatching(message)])
  })
})

describe('servers (gateway.md section 2.1)', () => {
  test.each<[object, RegExp]>([
    [{ port: { number: 443, name: 'a', protocol: 'HTTP' } }, /HTTP is not built yet/],
    [{ port: { number: 443, name: 'a', protocol: 'MONGO' } }, /MONGO is not built yet/],
    [{ port: { number: 443, name: 'a', protocol: 'https' } }, /did you mean "HTTPS"/],
    [{ port: { number: 0, name: 'a', protocol: 'HTTPS' } }, /not a port number/],
    [{ port: { number: 443, protocol: 'HTTPS' } }, /port\.name: missing/],
    [
      { port: { number: 443, name: 'a', protocol: 'HTTPS', targetPort: 1 } },
      /no effect on gateways/,
    ],
    [{ bind: '0.0.0.0' }, /bind is not built yet/],
    [{ defaultEndpoint: '127.0.0.1:1' }, /not implemented/],
    [{ tls: undefined }, /needs its tls block/],
    [{ hosts: [] }, /empty list/],
    [{ hosts: ['localhost'] }, /short name/],
    [{ hosts: ['*a.example'] }, /whole leading labels/],
    [{ hosts: ['a.*.example'] }, /whole leading labels/],
    [{ hosts: ['a.example:443'] }, /no port/],
    [{ hosts: ['a_b.example'] }, /not a DNS name/],
    [{ hosts: ['a..example'] }, /not a DNS name/],
    [{ hosts: ['a.example.'] }, /not a DNS name/],
    [{ hosts: ['NS/a.example'] }, /not a namespace/],
    [{ hosts: [`${'a.'.repeat(130)}example`] }, /more than 255/],
  ])('%j is refused', (server, message) => {
    expect(problemsWith(server)).toEqual([expect.stringMatching(message)])
  })

  test.each([
    ['10.0.0.1'],
    ['*'],
    ['*.example'],
    ['./a.example'],
    ['*/a.example'],
    ['ns/*.Example.com'],
  ])('host %s is read', (host) => {
    expect(problemsWith({ hosts: [host] })).toEqual([])
  })

  test('no server, and the same port name twice, are refused', () => {
    expect(problemsWith({}, { servers: [] })).toEqual([
      expect.stringMatching(/at least one server/),
    ])
    const server = {
      port: { number: 443, name: 'https', protocol: 'HTTPS' },
      hosts: ['a.example'],
      tls: { mode: 'SIMPLE', credentialName: 'c' },
    }
    expect(problemsWith({}, { servers: [server, { ...server, hosts: ['b.example'] }] })).toEqual([
      expect.stringMatching(/servers\[1\]\.port\.name: port name "https" is taken by servers\[0\]/),
    ])
  })
})
