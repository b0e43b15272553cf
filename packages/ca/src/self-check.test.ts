import { devSubaccountId, Secret } from '@twinlatch/kit'
import {
  buildName,
  type Certificate,
  type CertificateTemplate,
  generateKeyPair,
  issueCertificate,
  type KeyPair,
  newSerial,
  parseCertificates,
} from '@twinlatch/pki'
import type { Sealer } from '@twinlatch/store'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SigningAuthority } from './authority.ts'
import type { AuthorityRow } from './ca-tables.ts'
import { createHierarchy } from './create-authority.ts'
import { defaultProfiles } from './default-profiles.ts'
import { type Hierarchy, hierarchies } from './hierarchies.ts'
import { packKey } from './keystore.ts'
import { admitOrder } from './order.ts'
import type { Profile } from './profile.ts'
import { type Signed, selfCheck } from './self-check.ts'
import { createSealedKeySigner } from './signers/sealed-key.ts'

const now = new Date('2026-11-23T12:00:00Z')
const dayMs = 86_400_000
const caller = { subaccountId: devSubaccountId, actor: 'admin', tenantHost: 'dev.localhost' }
const order = admitOrder(
  {
    name: 'poster',
    profile: 'client',
    subjectAltNames: [{ type: 'uri', value: 'urn:a' }],
    keyType: 'ec-p256',
    format: 'modern',
    password: new Secret('password'),
  },
  defaultProfiles().get('client') as Profile,
  caller,
  now,
)
/** Seals nothing: this test is about certificates. */
const seal: Sealer = {
  seal: (plain) => Buffer.from(plain).toString('base64'),
  open: (sealed) => Buffer.from(sealed, 'base64'),
}

let authority: SigningAuthority
let other: SigningAuthority
let key: KeyPair
let right: Signed

beforeAll(async () => {
  authority = await createAuthority(0)
  other = await createAuthority(0)
  key = await generateKeyPair('ec-p256')
  right = await signed()
})

async function createAuthority(index: number): Promise<SigningAuthority> {
  const hierarchy = hierarchies[index] as Hierarchy
  const rows = await createHierarchy(hierarchy, seal, now)
  const certificateIn = (row: AuthorityRow) => parseCertificates(row.certificate)[0] as Certificate
  const issuing = certificateIn(rows.issuing)
  const signer = createSealedKeySigner({
    seal,
    authorityId: rows.issuing.id,
    sealedKey: rows.issuing.sealed_key,
    publicKey: issuing.publicKey,
  })
  const { name, profile } = hierarchy
  return { name, profile, id: rows.issuing.id, root: certificateIn(rows.root), issuing, signer }
}

/** What is signed right, apart from `change` in the certificate. */
async function signed(change: Partial<CertificateTemplate> = {}): Promise<Signed> {
  const serial = newSerial()
  const certificate = await issueCertificate(
    {
      subject: order.subject,
      publicKey: key.publicKey,
      serial,
      ...order.validity,
      keyUsage: order.profile.keyUsage,
      extendedKeyUsage: order.profile.extendedKeyUsage,
      subjectAltNames: order.subjectAltNames,
      ...change,
    },
    { certificate: authority.issuing },
    authority.signer,
  )
  const content = {
    privateKey: key.privateKey,
    chain: [certificate, authority.issuing, authority.root],
    name: order.name,
    password: order.password,
  }
  const packed = await packKey('modern', content)
  const { publicKey } = key
  return { order, authority, serial, certificate, publicKey, now, packed, content }
}

test('what is right has no faults', async () => {
  expect(await selfCheck(right)).toEqual([])
})

describe('a certificate that is wrong in one thing is named by it', () => {
  test.each<[string, () => Promise<Signed>, RegExp]>([
    [
      'another subject',
      () => signed({ subject: buildName([{ type: 'CN', value: 'root' }]) }),
      /RFC 5280 section 4\.1\.2\.6/,
    ],
    [
      'another serial',
      async () => ({ ...(await signed()), serial: newSerial() }),
      /section 4\.1\.2\.2/,
    ],
    [
      'a second more',
      () => signed({ notAfter: new Date(order.validity.notAfter.getTime() + 1000) }),
      /section 4\.1\.2\.5/,
    ],
    [
      'a day earlier',
      () => signed({ notBefore: new Date(order.validity.notBefore.getTime() - dayMs) }),
      /section 4\.1\.2\.5/,
    ],
    [
      'one key usage more',
      () => signed({ keyUsage: ['digitalSignature', 'keyEncipherment'] }),
      /keyUsage/,
    ],
    [
      'both purposes',
      () => signed({ extendedKeyUsage: ['clientAuth', 'serverAuth'] }),
      /extKeyUsage/,
    ],
    ['no alternative name', () => signed({ subjectAltNames: [] }), /section 4\.2\.1\.6/],
    [
      'another alternative name',
      () => signed({ subjectAltNames: [{ type: 'uri', value: 'urn:b' }] }),
      /section 4\.2\.1\.6/,
    ],
    [
      'another key in the order',
      async () => ({ ...right, publicKey: (await generateKeyPair('ec-p256')).publicKey }),
      /leaf key is the requested one/,
    ],
    [
      'a file of another certificate',
      async () => ({ ...right, packed: (await signed()).packed }),
      /the file opens again/,
    ],
    [
      'a file under another password',
      async () => ({
        ...right,
        content: { ...right.content, password: new Secret('another password') },
      }),
      /the file opens again/,
    ],
    [
      'a file that is cut off',
      async () => ({
        ...right,
        packed: {
          file: right.packed?.file?.subarray(0, 500) ?? null,
          fileName: 'a.p12',
          privateKeyPem: null,
        },
      }),
      /the file opens again/,
    ],
  ])('%s', async (_, make, cited) => {
    const faults = await selfCheck(await make())
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(cited)
  })

  test('an authority of the same name with another key', async () => {
    const faults = await selfCheck({ ...right, authority: other })
    expect(faults.join()).toMatch(/4\.1\.1\.3.*SKI and AKI.*section 6\.1/s)
  })

  test('a purpose of another profile', async () => {
    const profile = defaultProfiles().get('server') as Profile
    const faults = await selfCheck({ ...right, order: { ...order, profile } })
    expect(faults.join()).toMatch(/extKeyUsage/)
  })

  test('an authority instead of a leaf, below a root that allows it', async () => {
    const faults = await selfCheck({ ...right, certificate: authority.issuing })
    expect(faults.join()).toMatch(/basicConstraints/)
  })
})
