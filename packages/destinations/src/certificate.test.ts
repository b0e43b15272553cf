import {
  createFakeClock,
  createTestAuthority,
  openTestStore,
  type TestStore,
} from '@twinlatch/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseCertificateEntry } from './certificate-entry.ts'
import { type DestinationStack, openDestinationStack } from './http.fixture.ts'
import { migrations } from './migrations/index.ts'

const password = 'keystore-password-1'
const authority = await createTestAuthority({
  name: 'Vault',
  now: new Date('2026-11-23T12:00:00.000Z'),
})
const leaf = await authority.issue({ subject: 'CN=tech-user,O=Test' })
const p12 = Buffer.from(await leaf.toPkcs12(password))
const compat = Buffer.from(await leaf.toPkcs12(password, 'compat'))
const pem = Buffer.from(leaf.privateKeyPem + leaf.chainPem)
const encryptedKey = leaf.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: password,
})
const encryptedPem = Buffer.from(leaf.chainPem + encryptedKey)
const trustPem = Buffer.from(authority.rootPem)
const der = Buffer.from(leaf.certificate.raw)
const jks = Buffer.from('feedfeed0000000200000000', 'hex')

/** `p12` with its last SEQUENCE, the MAC, taken away and the outer length corrected. */
function withoutMac(file: Buffer): Buffer {
  const length = (at: number) => {
    const first = file[at + 1] ?? 0
    if (first < 0x80) return { header: 2, size: first }
    const octets = first & 0x7f
    return { header: 2 + octets, size: file.readUIntBE(at + 2, octets) }
  }
  const outer = length(0)
  const version = length(outer.header)
  const content = outer.header + version.header + version.size
  const safe = length(content)
  const body = file.subarray(outer.header, content + safe.header + safe.size)
  const header = Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff])
  return Buffer.concat([header, body])
}

const entry = (name: string, content: Buffer) => ({
  Name: name,
  Content: content.toString('base64'),
})

let testStore: TestStore
let stack: DestinationStack

beforeEach(async () => {
  const clock = createFakeClock()
  testStore = await openTestStore([migrations], { clock })
  stack = await openDestinationStack({ store: testStore.store, audit: testStore.audit, clock })
})
afterEach(() => testStore.stop())

describe('a certificate', () => {
  test.each([
    ['a.p12', p12],
    ['a.pfx', compat],
    ['a.pem', pem],
    ['encrypted.pem', encryptedPem],
    ['trust.pem', trustPem],
    ['a.cer', der],
    ['a.crt', trustPem],
  ])('%s is uploaded and read back byte by byte', async (name, content) => {
    const path = '/v1/instanceCertificates'
    const created = await stack.call('app', 'POST', path, entry(name, content))
    expect([created.status, await created.text()]).toEqual([201, ''])
    const read = await stack.call('app', 'GET', `${path}/${name}`)
    expect(read.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/)
    expect(read.headers.get('cache-control')).toBe('no-store')
    const expected = { ...entry(name, content), Type: 'CERTIFICATE' }
    expect(await read.json()).toEqual(expected)
    expect(await (await stack.call('app', 'GET', path)).json()).toEqual([expected])
  })

  test('may carry its type and line breaks in its base64', async () => {
    const lines = p12.toString('base64').replaceAll(/.{76}/g, '$&\r\n')
    const body = { Name: 'a.p12', Type: 'CERTIFICATE', Content: lines }
    await stack.ok('app', 'POST', '/v1/subaccountCertificates', body)
    const read = await stack.ok('app', 'GET', '/v1/subaccountCertificates/a.p12')
    expect(((await read.json()) as { Content: string }).Content).toBe(p12.toString('base64'))
  })

  test.each<[string, unknown, number, RegExp]>([
    ['cut off', entry('a.p12', p12.subarray(0, p12.length - 1)), 400, /cut off/],
    ['cut in half', entry('a.p12', p12.subarray(0, p12.length / 2)), 400, /cut off/],
    [
      'with bytes after its end',
      entry('a.p12', Buffer.concat([p12, Buffer.from([0])])),
      400,
      /a\.p12/,
    ],
    ['without a MAC', entry('a.p12', withoutMac(p12)), 400, /no MAC/],
    ['garbage', entry('a.p12', Buffer.from('garbage')), 400, /a\.p12/],
    ['PEM under the name of PKCS#12', entry('a.p12', pem), 400, /PEM text/],
    ['PKCS#12 under the name of PEM', entry('a.pem', p12), 400, /not PEM text/],
    ['PEM cut off', entry('a.pem', pem.subarray(0, pem.length - 40)), 400, /END/],
    ['PEM of a key alone', entry('a.pem', Buffer.from(leaf.privateKeyPem)), 400, /no certificate/],
    [
      'PEM whose key is of another certificate',
      entry('a.pem', Buffer.from(leaf.privateKeyPem + authority.rootPem)),
      400,
      /none of its certificates/,
    ],
    ['a key in a certificate file', entry('a.crt', pem), 400, /\.pem/],
    ['a certificate cut off', entry('a.cer', der.subarray(0, 100)), 400, /a\.cer/],
    [
      'a Java keystore by its name',
      entry('a.jks', jks),
      400,
      /\.jks are not built yet; convert with: keytool/,
    ],
    ['a Java keystore by its content', entry('a.p12', jks), 400, /keytool -importkeystore/],
    ['an extension in upper case', entry('a.P12', p12), 400, /lower case/],
    ['no extension', entry('a', p12), 400, /must end with/],
    ['a name with a slash', entry('a/b.p12', p12), 400, /Name/],
    ['no content', { Name: 'a.p12' }, 400, /Content is missing/],
    ['content that is not base64', { Name: 'a.p12', Content: '%%%' }, 400, /base64/],
    ['content in base64url', { Name: 'a.p12', Content: '--__' }, 400, /base64/],
    ['another type', { ...entry('a.p12', p12), Type: 'KEYSTORE' }, 400, /Type/],
    ['an unknown field', { ...entry('a.p12', p12), Password: 'hunter2' }, 400, /only/],
    [
      'an order to generate',
      { Name: 'a.pem', Attributes: { CN: 'x' } },
      400,
      /Attributes\) is not built yet/,
    ],
    [
      'a file beyond the limit',
      entry('a.pem', Buffer.alloc(1024 * 1024 + 1, 'a')),
      400,
      /1048576 bytes/,
    ],
  ])('%s is refused with the reason, and nothing is stored', async (_name, body, status, text) => {
    const response = await stack.call('app', 'POST', '/v1/subaccountCertificates', body)
    expect(await response.json()).toEqual({ ErrorMessage: expect.stringMatching(text) })
    expect(response.status).toBe(status)
    expect(await (await stack.call('app', 'GET', '/v1/subaccountCertificates')).json()).toEqual([])
  })

  test('a taken name is refused and the first file stays; PUT replaces it', async () => {
    const path = '/v1/subaccountCertificates'
    await stack.ok('app', 'POST', path, entry('a.p12', p12))
    expect((await stack.call('app', 'POST', path, entry('a.p12', compat))).status).toBe(409)
    const read = async () =>
      ((await (await stack.ok('app', 'GET', `${path}/a.p12`)).json()) as { Content: string })
        .Content
    expect(await read()).toBe(p12.toString('base64'))
    expect(await (await stack.ok('app', 'PUT', path, entry('a.p12', compat))).json()).toEqual({
      Count: 1,
    })
    expect(await read()).toBe(compat.toString('base64'))
    expect((await stack.call('app', 'PUT', path, entry('b.p12', p12))).status).toBe(404)
    const mixed = await stack.call('app', 'POST', path, [entry('b.p12', p12), entry('a.p12', p12)])
    expect(mixed.status).toBe(207)
  })

  test('that a destination uses may be deleted, as in the real service', async () => {
    await stack.ok('app', 'POST', '/v1/subaccountCertificates', entry('a.p12', p12))
    await stack.ok('app', 'POST', '/v1/subaccountDestinations', {
      Name: 'd',
      Type: 'HTTP',
      URL: 'https://a.test',
      Authentication: 'ClientCertificateAuthentication',
      KeyStoreLocation: 'a.p12',
    })
    const response = await stack.ok('app', 'DELETE', '/v1/subaccountCertificates/a.p12')
    expect(await response.json()).toEqual({ Count: 1 })
    const filter = encodeURIComponent("Name in ('a.p12')")
    const bulk = await stack.ok('app', 'DELETE', `/v1/subaccountCertificates?$filter=${filter}`)
    expect(await bulk.json()).toMatchObject({ Count: 0, Summary: [{ status: 'NOT_FOUND' }] })
  })

  test('a level holds no more bytes than its limit', async () => {
    const padding = '#'.repeat(1024 * 1024 - trustPem.length - 1)
    const large = Buffer.from(`${padding}\n${authority.rootPem}`)
    const statuses: number[] = []
    for (let index = 0; index < 12; index += 1) {
      const body = entry(`big${index}.pem`, large)
      statuses.push((await stack.call('app', 'POST', '/v1/instanceCertificates', body)).status)
    }
    expect(statuses.slice(0, 11).every((status) => status === 201)).toBe(true)
    expect(statuses[11]).toBe(400)
  })
})

describe('reading', () => {
  test('each certificate read leaves an audit row; names, a 304 and a 404 do not', async () => {
    const path = '/v1/subaccountCertificates'
    await stack.ok('app', 'POST', path, [entry('a.p12', p12), entry('b.pem', trustPem)])
    const before = (await testStore.auditEntries()).length
    const { headers } = await stack.ok('app', 'GET', `${path}/a.p12`)
    await stack.ok('admin', 'GET', path)
    await stack.ok('app', 'GET', `${path}?$select=Name`)
    await stack.call('app', 'GET', `${path}/none.p12`)
    const condition = { 'if-none-match': headers.get('etag') ?? '' }
    expect((await stack.call('app', 'GET', `${path}/a.p12`, undefined, condition)).status).toBe(304)
    const rows = (await testStore.auditEntries()).slice(before)
    expect(rows.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      ['sb-app', 'certificate.read', 'a.p12'],
      ['admin', 'certificate.read', 'a.p12'],
      ['admin', 'certificate.read', 'b.pem'],
    ])
  })

  test('the public keys of PEM are its chain, leaf first, with the subject', async () => {
    const reversed = Buffer.from(leaf.privateKeyPem + authority.rootPem + leaf.chainPem)
    await stack.ok('app', 'POST', '/v1/instanceCertificates', [
      entry('key.pem', reversed),
      entry('trust.pem', trustPem),
      entry('encrypted.pem', encryptedPem),
    ])
    const read = async (name: string) =>
      (await stack.ok('app', 'GET', `/v1/instanceCertificates/${name}/publicKeys`)).json()
    const subject = 'CN=tech-user,O=Test'
    expect(await read('key.pem')).toEqual([
      { Content: leaf.chainPem + authority.rootPem, SubjectDN: subject },
    ])
    expect(await read('trust.pem')).toEqual([
      { Content: authority.rootPem, SubjectDN: expect.stringContaining('CN=Vault Root') },
    ])
    expect(await read('encrypted.pem')).toEqual([{ Content: leaf.chainPem, SubjectDN: subject }])
  })

  test('the public keys of a protected keystore are refused with the text of section 8.4', async () => {
    await stack.ok('app', 'POST', '/v1/instanceCertificates', entry('a.p12', p12))
    const response = await stack.call('app', 'GET', '/v1/instanceCertificates/a.p12/publicKeys')
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      ErrorMessage: 'The keystore is password-protected and public keys cannot be retrieved',
    })
  })
})

describe('hostile content', () => {
  test('others get their turn between the files of a bulk upload', async () => {
    let turns = 0
    let counting = true
    const count = () => {
      turns += 1
      if (counting) setImmediate(count)
    }
    setImmediate(count)
    const files = Array.from({ length: 20 }, (_, at) =>
      entry(`${at}.pem`, Buffer.from(leaf.chainPem)),
    )
    await stack.ok('app', 'POST', '/v1/instanceCertificates', files)
    counting = false
    expect(turns).toBeGreaterThanOrEqual(files.length)
  })

  test('a burst of calls for public keys is refused beyond its line, and served again after it', async () => {
    await stack.ok('app', 'POST', '/v1/instanceCertificates', entry('a.p12', p12))
    const path = '/v1/instanceCertificates/a.p12/publicKeys'
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => stack.call('app', 'GET', path)),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(12)
    expect(refused[0]?.headers.get('retry-after')).toBe('5')
    expect(await refused[0]?.json()).toEqual({ ErrorMessage: 'too many keystores are being read' })
    expect((await stack.call('app', 'GET', path)).status).toBe(400)
  })

  const refusedOrWhole = async (name: string, content: Uint8Array) => {
    try {
      const parsed = await parseCertificateEntry(entry(name, Buffer.from(content)))
      expect(parsed.content.equals(content)).toBe(true)
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^destinations\//) })
    }
  }

  test('any bytes under any extension are kept as they are or refused with a code', async () => {
    const names = fc.constantFrom('a.p12', 'a.pem', 'a.cer')
    await fc.assert(
      fc.asyncProperty(names, fc.uint8Array({ minLength: 1, maxLength: 200 }), refusedOrWhole),
    )
  })

  test('a keystore with any byte changed is kept as it is or refused with a code, quickly', async () => {
    const position = fc.nat({ max: p12.length - 1 })
    const startedMs = performance.now()
    await fc.assert(
      fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(p12)
        changed[at] = (changed[at] ?? 0) ^ flip
        await refusedOrWhole('a.p12', changed)
      }),
    )
    expect(performance.now() - startedMs).toBeLessThan(5000)
  })
})
