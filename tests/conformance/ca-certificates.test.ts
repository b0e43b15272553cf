import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CertificateAuthority,
  type CertificateOrder,
  type IssuedCertificate,
  migrations,
  openCertificateAuthority,
} from '@twinlatch/ca'
import { devSubaccountId, silentLogger, systemClock } from '@twinlatch/kit'
import { encodePem } from '@twinlatch/pki'
import {
  createTemporaryDirectory,
  openTestStore,
  requireTool,
  type TemporaryDirectory,
  type TestStore,
} from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const caller = { subaccountId: devSubaccountId, actor: 'admin', tenantHost: 'dev.localhost' }
const client: CertificateOrder = {
  name: 'poster-quovadis',
  profile: 'client',
  subjectAltNames: [],
  keyType: 'ec-p256',
  format: 'pem-secret',
  password: null,
}
const server: CertificateOrder = {
  ...client,
  profile: 'server',
  subjectAltNames: [
    { type: 'dns', value: 'mtls.localhost' },
    { type: 'dns', value: '*.mtls.localhost' },
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
  ],
}

let directory: TemporaryDirectory
let stage: TestStore
let ca: CertificateAuthority

beforeAll(async () => {
  directory = await createTemporaryDirectory()
  stage = await openTestStore([migrations], { clock: systemClock })
  const { store, audit } = stage
  ca = await openCertificateAuthority({ store, audit, clock: systemClock, log: silentLogger })
})
afterAll(async () => {
  await ca.stop()
  await stage.stop()
  await directory.remove()
})

async function write(name: string, certificates: IssuedCertificate['chain']): Promise<string> {
  const path = join(directory.path, name)
  await writeFile(path, certificates.map(({ raw }) => encodePem('CERTIFICATE', raw)).join(''))
  return path
}

async function verify(order: CertificateOrder, purpose: string, authority?: string) {
  const { chain } = await ca.issue(order, caller)
  const [leaf, issuing, own] = chain as [never, never, never]
  const root = authority ? (await ca.authority(authority)).root : own
  return openssl.run([
    ...['verify', '-x509_strict', '-purpose', purpose, '-no-CApath', '-no-CAstore'],
    ...['-CAfile', await write('root.pem', [root])],
    ...['-untrusted', await write('issuing.pem', [issuing])],
    await write('leaf.pem', [leaf]),
  ])
}

describe.skipIf(openssl.missing)('openssl verify -x509_strict', () => {
  test.each<[string, CertificateOrder, string]>([
    ['a client', client, 'sslclient'],
    ['a partner', { ...client, profile: 'partner' }, 'sslclient'],
    ['a server', server, 'sslserver'],
    ['an RSA client', { ...client, keyType: 'rsa2048' }, 'sslclient'],
    ['a P-384 client', { ...client, keyType: 'ec-p384' }, 'sslclient'],
    ['a client of one hour', { ...client, validity: { value: 1, unit: 'HOURS' } }, 'sslclient'],
    [
      'a client with alternative names',
      {
        ...client,
        subjectAltNames: [
          { type: 'uri', value: 'spiffe://cluster.local/ns/a/sa/b' },
          { type: 'email', value: 'a@example.com' },
          { type: 'dns', value: 'a.example' },
        ],
      },
      'sslclient',
    ],
  ])('accepts %s', async (_, order, purpose) => {
    const { exitCode, stdout, stderr } = await verify(order, purpose)
    expect(stderr).toBe('')
    expect(stdout).toContain('leaf.pem: OK')
    expect(exitCode).toBe(0)
  })

  test.each<[string, CertificateOrder, string, string | undefined]>([
    ['a server presented as a client', server, 'sslclient', undefined],
    ['a client presented as a server', client, 'sslserver', undefined],
    ['a client under the root of the partners', client, 'sslclient', 'partner'],
    ['a server under the root of the clients', server, 'sslserver', 'clients'],
  ])('refuses %s', async (_, order, purpose, authority) => {
    expect((await verify(order, purpose, authority)).exitCode).not.toBe(0)
  })

  test('subject and issuer read the same as our own text', async () => {
    const { chain, record } = await ca.issue(client, caller)
    const leaf = await write('named.pem', chain.slice(0, 1))
    const { stdout } = await openssl.run([
      ...['x509', '-in', leaf, '-noout', '-subject', '-issuer', '-serial'],
      ...['-nameopt', 'RFC2253'],
    ])
    expect(stdout).toBe(
      `subject=${record.subject}\nissuer=${record.issuer}\nserial=${record.serial.toUpperCase()}\n`,
    )
  })

  test('the extensions are those of the profile table', async () => {
    const { chain } = await ca.issue(server, caller)
    const [leaf, issuing, root] = chain as [never, never, never]
    const textOf = async (name: string, certificate: never) => {
      const path = await write(name, [certificate])
      return (await openssl.run(['x509', '-in', path, '-noout', '-text'])).stdout
    }
    const leafText = await textOf('l.pem', leaf)
    expect(leafText).toMatch(/Basic Constraints: critical\s+CA:FALSE/)
    expect(leafText).toMatch(/Key Usage: critical\s+Digital Signature\n/)
    expect(leafText).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/)
    expect(leafText).toMatch(
      /DNS:mtls\.localhost, DNS:\*\.mtls\.localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/,
    )
    expect(await textOf('i.pem', issuing)).toMatch(/critical\s+CA:TRUE, pathlen:0/)
    const rootText = await textOf('r.pem', root)
    expect(rootText).toMatch(/critical\s+CA:TRUE, pathlen:1/)
    expect(rootText).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/)
  })
})
