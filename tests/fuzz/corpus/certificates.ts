import { writeFile } from 'node:fs/promises'
import { type Certificate, decodePem, parseCertificates } from '@twinlatch/pki'
import {
  createTemporaryDirectory,
  createTestAuthority,
  requireTool,
  type TestAuthority,
  type TestCertificate,
} from '@twinlatch/testing'

/** An authority and leaves of every key type and with every kind of name. */
export interface CertificateCorpus {
  readonly authority: TestAuthority
  readonly leaves: readonly TestCertificate[]
  /** Ours, and one that openssl made with extensions and string types that we never write. */
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly Uint8Array[]
}

let made: Promise<CertificateCorpus> | undefined

/** The certificates that all targets share; keys are made once. */
export function certificateCorpus(): Promise<CertificateCorpus> {
  made ??= makeCorpus()
  return made
}

async function makeCorpus(): Promise<CertificateCorpus> {
  const authority = await createTestAuthority({ name: 'Fuzz' })
  const orders = [
    { subject: 'CN=poster (P000000),L=tenant-1,O=Example SE,C=DE', keyType: 'rsa2048' },
    { subject: 'CN=Zoë \\+ Søn\\, Ltd.+UID=1,OU=东京,DC=example', keyType: 'ec-p256' },
    { subject: 'emailAddress=a@b.example,serialNumber=1,CN=c', keyType: 'ed25519' },
  ] as const
  const subjectAltNames = [
    { type: 'dns', value: 'a.example' },
    { type: 'uri', value: 'spiffe://a/ns/b' },
    { type: 'email', value: 'a@b.example' },
    { type: 'ip', value: '2001:db8::1' },
  ] as const
  const leaves = await Promise.all(
    orders.map((order) => authority.issue({ ...order, subjectAltNames })),
  )
  const own = leaves.flatMap(({ certificate }) => certificate)
  const certificates = [
    ...own,
    authority.root,
    ...authority.intermediates,
    ...(await foreignCertificates()),
  ]
  const lists = await authority.revocationLists(own)
  return {
    authority,
    leaves,
    certificates,
    revocationLists: decodePem(lists).map(({ der }) => der),
  }
}

const opensslConfig = `
[req]
distinguished_name = dn
prompt = no
string_mask = nombstr
[dn]
C = DE
O = Müller
CN = T61 name
[ext]
basicConstraints = critical, CA:true, pathlen:3
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = clientAuth, 1.2.3.4
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer
subjectAltName = DNS:a.example, IP:10.0.0.1, RID:1.2.3.4, otherName:1.3.6.1.4.1.311.20.2.3;UTF8:upn@a, dirName:dir
nameConstraints = permitted;DNS:.example, excluded;IP:10.0.0.0/255.0.0.0
certificatePolicies = 1.2.3.4
policyConstraints = requireExplicitPolicy:1
crlDistributionPoints = URI:http://a.example/crl
[dir]
C = DE
CN = directory
`

async function foreignCertificates(): Promise<Certificate[]> {
  const openssl = requireTool('openssl')
  if (openssl.missing) return []
  const directory = await createTemporaryDirectory()
  try {
    const file = `${directory.path}/openssl.cnf`
    await writeFile(file, opensslConfig)
    const keys = [
      ['-newkey', 'rsa:2048'],
      ['-newkey', 'rsa-pss'],
      ['-newkey', 'ed448'],
    ]
    const texts = await Promise.all(
      keys.map(async (key) => {
        const { stdout } = await openssl.run([
          ...['req', '-x509', '-config', file, '-extensions', 'ext', '-nodes', '-days', '30'],
          ...['-keyout', '/dev/null', '-utf8', ...key],
        ])
        return stdout
      }),
    )
    return texts.filter((text) => text.includes('BEGIN')).flatMap((text) => parseCertificates(text))
  } finally {
    await directory.remove()
  }
}
