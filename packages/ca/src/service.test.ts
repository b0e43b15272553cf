import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import {
  createLogger,
  devSubaccountId,
  newSubaccountId,
  Secret,
  type SubaccountId,
} from '@twinlatch/kit'
import { generateKeyPair, readKeystore, readPkcs12, verifyChain } from '@twinlatch/pki'
import { createFakeClock, type FakeClock, openTestStore, type TestStore } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CertificateAuthority } from './certificate-authority.ts'
import { CaError, type CaErrorCode } from './errors.ts'
import { migrations } from './migrations.ts'
import type { CertificateOrder } from './order.ts'
import { type CertificateAuthorityOptions, openCertificateAuthority } from './service.ts'

const caller = { subaccountId: devSubaccountId, actor: 'admin', tenantHost: 'dev.localhost' }
const password = 'Pa55phrase-never-stored'
const ecOrder: CertificateOrder = {
  name: 'poster',
  profile: 'client',
  subjectAltNames: [],
  keyType: 'ec-p256',
  format: 'pem-secret',
  password: null,
}

let clock: FakeClock
let stage: TestStore
let ca: CertificateAuthority
let logged = ''

async function open(options: Partial<CertificateAuthorityOptions> = {}) {
  const log = createLogger({
    level: 'trace',
    destination: {
      write: (line: string) => {
        logged += line
      },
    },
  })
  const deps = { store: stage.store, audit: stage.audit, clock, log }
  return openCertificateAuthority({ ...deps, ...options })
}

beforeEach(async () => {
  logged = ''
  clock = createFakeClock()
  stage = await openTestStore([migrations], { clock })
  ca = await open()
})
afterEach(async () => {
  await ca.stop()
  await stage.stop()
})

async function refusalOf(promise: Promise<unknown>): Promise<CaError> {
  const error = await promise.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CaError)
  return error as CaError
}

async function auditActions(): Promise<string[]> {
  const entries = await stage.auditEntries()
  return entries.map(({ action }) => action).filter((action) => action !== 'authority.created')
}

describe('the authorities', () => {
  test('are three roots of their own, created once and the same after a restart', async () => {
    await Promise.all([ca.ensureAuthorities(), ca.ensureAuthorities()])
    const before = await ca.authorities()
    expect(new Set(before.map(({ root }) => root.sha256)).size).toBe(3)
    await stage.reopen()
    const again = await open()
    const after = await again.authorities()
    expect(after.map(({ issuing }) => issuing.sha256)).toEqual(
      before.map(({ issuing }) => issuing.sha256),
    )
    await again.issue(ecOrder, caller)
  })

  test('two processes that start together end up with the same ones', async () => {
    const other = await open()
    await Promise.all([ca.ensureAuthorities(), other.ensureAuthorities()])
    const [one, two] = [await ca.authority('clients'), await other.authority('clients')]
    expect(one.root.sha256).toBe(two.root.sha256)
    expect(await stage.auditEntries()).toHaveLength(3)
  })

  test('root and issuing certificate are what the profile table says', async () => {
    const { root, issuing } = await ca.authority('clients')
    expect(root).toMatchObject({
      keyDescription: 'EC P-384',
      basicConstraints: { ca: true, pathLength: 1 },
      keyUsage: ['keyCertSign', 'cRLSign'],
      extendedKeyUsage: null,
    })
    expect(root.notAfter.toISOString()).toBe('2046-11-23T11:59:59.000Z')
    expect(issuing).toMatchObject({
      keyDescription: 'EC P-256',
      basicConstraints: { ca: true, pathLength: 0 },
      authorityKeyId: root.subjectKeyId,
    })
    expect(issuing.notAfter.toISOString()).toBe('2036-11-23T11:59:59.000Z')
  })

  test('a key that was changed in the database is not used', async () => {
    await ca.ensureAuthorities()
    await stage.store.transaction(async (database) => {
      const row = { sealed_key: 'tl1.x' }
      await database.updateTable('ca_authorities').set(row).execute()
    })
    const refusal = await refusalOf((await open()).issue(ecOrder, caller))
    expect(refusal.code).toBe('ca/authority-unusable')
  })

  test('an authority of another name is unknown', async () => {
    expect((await refusalOf(ca.authority('nobody'))).code).toBe('ca/unknown-authority')
  })
})

describe('issuing', () => {
  test('hands out an RSA-2048 key for a year, in a file that opens with the password', async () => {
    const { file, fileName, certificate, chain, record } = await ca.issue(
      {
        name: 'poster',
        profile: 'client',
        subjectAltNames: [],
        format: 'modern',
        password: new Secret(password),
      },
      caller,
    )
    const keystore = await readPkcs12(file as Uint8Array, password)
    expect(fileName).toBe('poster.p12')
    expect(keystore.entries[0]?.chain.map(({ sha256 }) => sha256)).toEqual(
      chain.map(({ sha256 }) => sha256),
    )
    expect(certificate).toMatchObject({
      keyDescription: 'RSA 2048',
      version: 3,
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
      subjectAltNames: [],
    })
    expect(record.notAfter).toBe('2027-11-23T11:59:59.000Z')
    expect(record.serial).toMatch(/^[1-7][0-9a-f]{31}$|^0[1-9a-f][0-9a-f]{30}$/)
  })

  test.each(['modern', 'compat', 'pem'] as const)('format %s opens again', async (format) => {
    const order = { ...ecOrder, format, password: new Secret(password) }
    const { file, fileName, chain, privateKeyPem } = await ca.issue(order, caller)
    const options = { password, fileName: fileName as string }
    const { entries } = await readKeystore(file as Uint8Array, options)
    expect(entries[0]?.chain).toHaveLength(3)
    expect(privateKeyPem).toBeNull()
    const [leaf] = chain
    expect(createPublicKey(entries[0]?.privateKey as never).equals(leaf?.publicKey as never)).toBe(
      true,
    )
  })

  test.each([
    ['𝒳 key 🔑', '_ key _', '___key___.p12'],
    ['../../etc/passwd', '../../etc/passwd', '__.._etc_passwd.p12'],
    ['東京 Müller', '東京 Müller', '___M_ller.p12'],
  ])('a certificate named %s is packed under names that every tool can hold', async (...row) => {
    const [name, alias, fileName] = row
    const order = { ...ecOrder, name, format: 'modern', password: new Secret(password) } as const
    const issued = await ca.issue(order, caller)
    const { entries } = await readPkcs12(issued.file as Uint8Array, password)
    expect(entries[0]?.alias).toBe(alias)
    expect(issued.fileName).toBe(fileName)
    expect(issued.record.subject).toMatch(/ \(P000000\),L=dev\.localhost,/)
  })

  test('pem-secret gives the key in the clear, and the audit log has a line for that', async () => {
    const { privateKeyPem, file, certificate } = await ca.issue(ecOrder, caller)
    const key = createPrivateKey(privateKeyPem?.reveal() as string)
    expect(new X509Certificate(certificate.raw).checkPrivateKey(key)).toBe(true)
    expect(file).toBeNull()
    expect(await auditActions()).toEqual(['certificate.issued', 'key.revealed'])
  })

  test.each([
    ['client', 'clients', 'server'],
    ['partner', 'partner', 'clients'],
  ] as const)('a %s certificate chains to %s and not to %s', async (profile, own, foreign) => {
    const { chain } = await ca.issue({ ...ecOrder, profile }, caller)
    const [leaf, issuing] = chain as [never, never]
    const judge = async (name: string) =>
      verifyChain({
        leaf,
        intermediates: [issuing],
        anchors: [(await ca.authority(name)).root],
        time: clock.now(),
        purpose: 'client',
      }).ok
    expect([await judge(own), await judge(foreign)]).toEqual([true, false])
  })

  test('a server certificate names its hosts and may not be presented as a client', async () => {
    const { certificate } = await ca.issue(
      {
        ...ecOrder,
        profile: 'server',
        subjectAltNames: [
          { type: 'dns', value: '*.mtls.localhost' },
          { type: 'ip', value: '::1' },
        ],
      },
      caller,
    )
    expect(certificate.extendedKeyUsage).toEqual(['serverAuth'])
    expect(certificate.subjectAltNames).toEqual([
      { type: 'dns', value: '*.mtls.localhost' },
      { type: 'ip', value: '::1' },
    ])
    expect(new X509Certificate(certificate.raw).checkHost('a.mtls.localhost')).toBeTruthy()
  })

  test.each<[string, Partial<CertificateOrder>, CaErrorCode, string]>([
    ['a server without a name', { profile: 'server' }, 'ca/profile-forbids', 'subjectAltNames'],
    [
      'a client with an address',
      { subjectAltNames: [{ type: 'ip', value: '::1' }] },
      'ca/profile-forbids',
      'subjectAltNames[0]',
    ],
    [
      'a server with a person',
      { profile: 'server', subjectAltNames: [{ type: 'dns', value: 'a.b' }], userId: 'P1' },
      'ca/profile-forbids',
      'userId',
    ],
    ['399 days', { days: 399 }, 'ca/profile-forbids', 'validity'],
    ['a file without a password', { format: 'modern' }, 'ca/password', 'password'],
    [
      'a short password',
      { format: 'compat', password: new Secret('short') },
      'ca/password',
      'password',
    ],
    [
      'a password that protects nothing',
      { password: new Secret(password) },
      'ca/password',
      'password',
    ],
    ['a control character', { name: 'a\nb' }, 'ca/profile-forbids', 'name'],
  ])('%s is refused, and the refusal audited', async (_, change, code, path) => {
    const refusal = await refusalOf(ca.issue({ ...ecOrder, ...change }, caller))
    expect(refusal.code).toBe(code)
    expect(refusal.problems.map((item) => item.path)).toEqual([path])
    expect(await auditActions()).toEqual(['certificate.refused'])
    expect(await ca.list(devSubaccountId)).toEqual([])
  })

  test('all faults of an order are named at once', async () => {
    const order = { ...ecOrder, name: '', days: 0, format: 'modern' as const }
    const refusal = await refusalOf(ca.issue(order, caller))
    expect(refusal.problems.map(({ path }) => path)).toEqual(['validity', 'name', 'password'])
  })

  test('no certificate outlives its issuer', async () => {
    await ca.ensureAuthorities()
    clock.set('2036-11-22T12:00:00.999Z')
    await ca.issue({ ...ecOrder, days: 1 }, caller)
    clock.advance(1)
    expect((await refusalOf(ca.issue({ ...ecOrder, days: 1 }, caller))).code).toBe(
      'ca/issuer-ends-first',
    )
  })
})

describe('if missing', () => {
  test('an unexpired certificate of that name is the answer, without its key', async () => {
    const first = await ca.issue({ ...ecOrder, days: 10 }, caller)
    const second = await ca.issue({ ...ecOrder, ifMissing: true }, caller)
    expect(second).toMatchObject({ existing: true, file: null, privateKeyPem: null })
    expect(second.record.id).toBe(first.record.id)
    expect(second.chain).toHaveLength(3)
  })

  test.each<[string, Partial<CertificateOrder>, number]>([
    ['an expired one does not count', {}, 11 * 86_400_000],
    ['one of another profile does not count', { profile: 'partner' }, 0],
    ['one of another name does not count', { name: 'other' }, 0],
  ])('%s', async (_, change, laterMs) => {
    await ca.issue({ ...ecOrder, days: 10 }, caller)
    clock.advance(laterMs)
    const second = await ca.issue({ ...ecOrder, ...change, ifMissing: true }, caller)
    expect(second.existing).toBe(false)
  })

  test('of ten at once, one is issued', async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, () => ca.issue({ ...ecOrder, ifMissing: true }, caller)),
    )
    expect(all.filter(({ existing }) => !existing)).toHaveLength(1)
    expect(await ca.list(devSubaccountId)).toHaveLength(1)
  })
})

describe('an idempotency key', () => {
  test('makes one certificate, whose key is shown once', async () => {
    const { record } = await ca.issue(ecOrder, caller, { idempotencyKey: 'k1' })
    const refusal = await refusalOf(ca.issue(ecOrder, caller, { idempotencyKey: 'k1' }))
    expect(refusal.code).toBe('ca/already-issued')
    expect(refusal.message).toContain(record.id)
    await ca.issue(ecOrder, caller, { idempotencyKey: 'k2' })
    const other = { ...caller, subaccountId: newSubaccountId() }
    await ca.issue(ecOrder, other, { idempotencyKey: 'k1' })
  })

  test('of ten at once, one is issued', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => ca.issue(ecOrder, caller, { idempotencyKey: 'k' })),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await ca.list(devSubaccountId)).toHaveLength(1)
  })

  test('is not spent on a refusal', async () => {
    await refusalOf(ca.issue({ ...ecOrder, name: '' }, caller, { idempotencyKey: 'k' }))
    await ca.issue(ecOrder, caller, { idempotencyKey: 'k' })
  })
})

describe('the quota', () => {
  const other = { ...caller, subaccountId: newSubaccountId() }

  test('holds for a subaccount and a calendar year, exactly, also at once', async () => {
    ca = await open({ limits: { quotaPerYear: 5 } })
    const all = await Promise.allSettled(
      Array.from({ length: 12 }, () => ca.issue(ecOrder, caller)),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    const refusal = await refusalOf(ca.issue(ecOrder, caller))
    expect(refusal.code).toBe('ca/quota-exceeded')
    expect(refusal.message).toContain('1 January 2027')
    await ca.issue(ecOrder, other)
    clock.set('2027-01-01T00:00:00.000Z')
    await ca.issue(ecOrder, caller)
  })

  test('is not spent by certificates of our own listeners', async () => {
    ca = await open({ limits: { quotaPerYear: 1 } })
    const listener = await ca.issueServerCertificate({
      subaccountId: devSubaccountId,
      names: ['localhost', '127.0.0.1', '::1'],
      days: 90,
    })
    expect(new X509Certificate(listener.certificate.raw).checkPrivateKey(listener.privateKey)).toBe(
      true,
    )
    expect(listener.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    await ca.issue(ecOrder, caller)
  })
})

describe('what fails our own check', () => {
  // A pool that hands out halves of two different keys: signed all right, and useless.
  async function openWithWrongKeys() {
    const [one, two] = [await generateKeyPair('ec-p256'), await generateKeyPair('ec-p256')]
    const take = async () => ({ publicKey: one.publicKey, privateKey: two.privateKey })
    return open({ keyPool: { take, stop: () => undefined } })
  }

  test.each(['pem-secret', 'modern'] as const)(
    'is not released (%s): its serial is marked failed, and the audit log says so',
    async (format) => {
      ca = await openWithWrongKeys()
      const order = {
        ...ecOrder,
        format,
        password: format === 'modern' ? new Secret(password) : null,
      }
      const refusal = await refusalOf(ca.issue(order, caller, { idempotencyKey: 'k' }))
      expect(refusal.code).toBe('ca/lint-failed')
      const [failed] = await ca.list(devSubaccountId, { status: 'failed' })
      expect(failed?.serial).toMatch(/^[0-9a-f]{32}$/)
      expect(await ca.list(devSubaccountId)).toEqual([])
      const entries = await stage.auditEntries()
      const last = entries.at(-1)
      expect(last).toMatchObject({ action: 'certificate.failed', target: failed?.id })
      expect(last?.detail['serial']).toBe(failed?.serial)
      ca = await open()
      await ca.issue(ecOrder, caller, { idempotencyKey: 'k' })
    },
  )
})

test('when the audit row cannot be written, there is no certificate either', async () => {
  await ca.ensureAuthorities()
  ca = await open({
    audit: {
      record: async () => {
        throw new Error('audit is full')
      },
    },
  })
  await expect(ca.issue(ecOrder, caller)).rejects.toThrow('audit is full')
  expect(await ca.list(devSubaccountId)).toEqual([])
})

test('200 at once: no serial twice, every one audited', async () => {
  const all = await Promise.all(Array.from({ length: 200 }, () => ca.issue(ecOrder, caller)))
  const serials = all.map(({ record }) => record.serial)
  expect(new Set(serials).size).toBe(200)
  const entries = await stage.auditEntries()
  const audited = entries.filter(({ action }) => action === 'certificate.issued')
  expect(new Set(audited.map(({ detail }) => detail['serial']))).toEqual(new Set(serials))
})

test('a serial is taken once for an issuer, by constraint of the database', async () => {
  await ca.issue(ecOrder, caller)
  const copy = stage.store.transaction(async (database) => {
    const row = await database.selectFrom('ca_certificates').selectAll().executeTakeFirstOrThrow()
    const values = { ...row, id: 'cert_other', idempotency_key: null }
    await database.insertInto('ca_certificates').values(values).execute()
  })
  await expect(copy).rejects.toMatchObject({ code: 'store/duplicate' })
})

describe('the inventory', () => {
  test('finds by id, name and serial in any spelling, within the subaccount only', async () => {
    const { record } = await ca.issue(ecOrder, caller)
    const colons = (record.serial.match(/../g) ?? []).join(':').toUpperCase()
    for (const handle of [record.id, 'poster', record.serial, colons, `0x00${record.serial}`]) {
      const found = await ca.get(devSubaccountId, handle)
      expect(found.id).toBe(record.id)
      expect(found.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(3)
    }
    const elsewhere = newSubaccountId()
    for (const handle of [record.id, 'poster', record.serial]) {
      expect((await refusalOf(ca.get(elsewhere, handle))).code).toBe('ca/unknown-certificate')
    }
    expect(await ca.list(elsewhere)).toEqual([])
  })

  test('a name means the newest certificate', async () => {
    await ca.issue(ecOrder, caller)
    clock.advance(1000)
    const { record } = await ca.issue(ecOrder, caller)
    expect((await ca.get(devSubaccountId, 'poster')).id).toBe(record.id)
    const [newest] = await ca.list(devSubaccountId, { name: 'poster' })
    expect(newest?.id).toBe(record.id)
    expect(await ca.list(devSubaccountId, { profile: 'partner' })).toEqual([])
  })

  test('another tenant gets another subject', async () => {
    const subaccountId = 'aaaaaaaa-0000-4000-8000-000000000000' as SubaccountId
    const acme = { subaccountId, actor: 'admin', tenantHost: 'acme.localhost' }
    const { record } = await ca.issue(ecOrder, acme)
    expect(record.subject).toBe(
      'CN=poster (P000000),L=acme.localhost,OU=aaaaaaaa-0000-4000-8000-000000000000,OU=Local,OU=Twinlatch Clients,O=Twinlatch,C=DE',
    )
  })
})

test('neither passwords nor private keys reach the database or the log', async () => {
  const { privateKeyPem } = await ca.issue(ecOrder, caller)
  const { file } = await ca.issue(
    { ...ecOrder, format: 'modern', password: new Secret(password) },
    caller,
  )
  await refusalOf(ca.issue({ ...ecOrder, name: '', password: new Secret(password) }, caller))
  const sealed = await stage.store.database
    .selectFrom('ca_authorities')
    .select(['id', 'sealed_key'])
    .execute()
  const { entries } = await readPkcs12(file as Uint8Array, password)
  const leafKeys = [createPrivateKey(privateKeyPem?.reveal() as string), entries[0]?.privateKey]
  const secrets = [
    Buffer.from(password),
    ...leafKeys.map((key) => key?.export({ type: 'pkcs8', format: 'der' }) as Buffer),
    ...sealed.map(({ id, sealed_key: text }) =>
      stage.store.seal.open(text, {
        table: 'ca_authorities',
        subaccountId: 'installation',
        id,
        field: 'sealed_key',
      }),
    ),
  ]
  expect(secrets).toHaveLength(9)
  const kept = Buffer.concat([await stage.files(), Buffer.from(logged)])
  for (const secret of secrets) {
    for (const form of [secret, ...scalarsOf(secret)]) {
      for (const text of [form, form.toString('base64'), form.toString('hex')]) {
        expect(kept.includes(text)).toBe(false)
      }
    }
  }
  expect(kept.includes('poster')).toBe(true)
})

/** The private number alone, which would show in any encoding of an EC key. */
function scalarsOf(pkcs8: Buffer): Buffer[] {
  const start = pkcs8.indexOf(Buffer.from([0x02, 0x01, 0x01, 0x04]))
  if (start < 0) return []
  const length = pkcs8[start + 4] ?? 0
  return [pkcs8.subarray(start + 5, start + 5 + length)]
}

test('stopping twice is fine, and no key is made afterwards', async () => {
  await ca.stop()
  await ca.stop()
  await expect(ca.issue({ ...ecOrder, keyType: 'rsa2048' }, caller)).rejects.toThrow()
})
