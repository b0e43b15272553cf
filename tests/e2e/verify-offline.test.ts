import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestAuthority, type TestAuthority } from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remove, run, temporaryDirectory, twinlatchBin } from './stack.ts'

let directory: string
let authority: TestAuthority
let good: Awaited<ReturnType<TestAuthority['issue']>>
const path = (name: string) => join(directory, name)
const verify = (...args: string[]) => run(twinlatchBin, ['cert', 'verify', ...args])

function write(name: string, text: string): string {
  writeFileSync(path(name), text)
  return path(name)
}

beforeAll(async () => {
  directory = temporaryDirectory()
  authority = await createTestAuthority({ name: 'Clients' })
  good = await authority.issue({ subject: 'CN=orders (P000000),O=Example' })
  write('good.pem', good.chainPem)
  write('ca.pem', authority.rootPem)
  write('lists.pem', await authority.revocationLists())
  write('revoked.pem', await authority.revocationLists([good.certificate]))
})
afterAll(() => remove(directory))

const withCa = () => ['--ca', path('ca.pem')]

describe('accepted, exit 0', () => {
  test('a chain that leads to the bundle, with its path', async () => {
    const answer = await verify(path('good.pem'), ...withCa())
    expect(answer).toMatchObject({ code: 0 })
    expect(answer.stdout).toMatch(/accepted as a TLS client/)
    expect(answer.stdout).toMatch(/anchor {5}CN=Clients Root/)
  })

  test('with revocation lists of every issuer, as JSON', async () => {
    const lists = ['--crl', path('lists.pem'), '-o', 'json']
    const answer = await verify(path('good.pem'), ...withCa(), ...lists)
    const report = JSON.parse(answer.stdout)
    expect(report).toMatchObject({ verdict: 'accepted', code: null, purpose: 'client' })
    expect(report.path).toHaveLength(3)
    expect(report.path[0]).toMatchObject({ subject: 'CN=orders (P000000),O=Example' })
  })

  test('a server that is named for the host, by name, wildcard and address', async () => {
    const server = await authority.issue({
      subject: 'CN=elsewhere',
      purpose: 'server',
      subjectAltNames: [
        { type: 'dns', value: '*.example.test' },
        { type: 'ip', value: '2001:db8::1' },
      ],
    })
    const file = write('server.pem', server.chainPem)
    for (const [host, code] of [
      ['a.EXAMPLE.test', 0],
      ['2001:0db8:0::1', 0],
      ['example.test', 4],
      ['a.b.example.test', 4],
      ['elsewhere', 4],
      ['2001:db8::2', 4],
    ] as const) {
      expect(await verify(file, ...withCa(), '--name', host), host).toMatchObject({ code })
    }
    expect((await verify(file, ...withCa())).stdout).toContain('EKU_NOT_CLIENT_AUTH')
    expect(await verify(file, ...withCa(), '--purpose', 'server')).toMatchObject({ code: 0 })
  })
})

describe('refused, exit 4 with code and reason', () => {
  test.each([
    ['a revoked leaf', ['--crl', 'revoked.pem'], 'REV_REVOKED'],
    ['a time after the end', ['--at', '2099-01-01'], 'VAL_EXPIRED'],
    ['a time before the beginning', ['--at', '2020-01-01T00:00:00Z'], 'VAL_NOT_YET'],
    ['the purpose of a server', ['--purpose', 'server'], 'EKU_NOT_SERVER_AUTH'],
  ])('%s', async (_, args, code) => {
    const files = args.map((value) => (value.endsWith('.pem') ? path(value) : value))
    const answer = await verify(path('good.pem'), ...withCa(), ...files, '-o', 'json')
    expect(answer.code).toBe(4)
    expect(JSON.parse(answer.stdout)).toMatchObject({ verdict: 'refused', code, path: [] })
    expect(JSON.parse(answer.stdout).reason).toMatch(/[.?]$/)
  })

  test('another authority, and a chain without its intermediate', async () => {
    const other = await createTestAuthority({ name: 'Others' })
    const answer = await verify(path('good.pem'), '--ca', write('other.pem', other.rootPem))
    expect(answer).toMatchObject({ code: 4 })
    expect(answer.stdout).toContain('CHN_UNKNOWN_AUTHORITY')
    const short = await authority.issue({ subject: 'CN=a', shape: 'missing-intermediate' })
    const alone = write('alone.pem', short.chainPem)
    expect((await verify(alone, ...withCa())).stdout).toContain('CHN_UNKNOWN_AUTHORITY')
  })

  test('lists, but none of the issuer', async () => {
    const other = await createTestAuthority({ name: 'Others' })
    const lists = write('other-lists.pem', await other.revocationLists())
    const answer = await verify(path('good.pem'), ...withCa(), '--crl', lists)
    expect(answer.stdout).toContain('REV_LIST_MISSING')
  })

  test('a key that no host asks for', async () => {
    const odd = await authority.issue({ subject: 'CN=a', keyType: 'ed25519' })
    const answer = await verify(write('odd.pem', odd.chainPem), ...withCa())
    expect(answer.stdout).toContain('TLS_NO_CLIENT_CERT')
  })
})

describe('unreadable, exit 1', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'

  test.each([
    ['a chain that is not there', 'nowhere.pem', 'ca.pem', []],
    ['a chain without certificate', 'lists.pem', 'ca.pem', []],
    ['a leaf that is none', 'broken.pem', 'ca.pem', []],
    ['a bundle with a certificate that is none', 'good.pem', 'broken.pem', []],
    ['a list that is none', 'good.pem', 'ca.pem', ['--crl', 'ca.pem']],
  ])('%s', async (_, chain, bundle, more) => {
    write('broken.pem', broken)
    const files = more.map((value) => (value.endsWith('.pem') ? path(value) : value))
    const answer = await verify(path(chain), '--ca', path(bundle), ...files)
    expect(answer).toMatchObject({ code: 1, stdout: '' })
    expect(answer.stderr).toContain('cannot be read')
  })

  test('but what stands above the leaf and does not parse is passed over, and named', async () => {
    const file = write('noise.pem', `${good.chainPem}${broken}`)
    const answer = await verify(file, ...withCa())
    expect(answer).toMatchObject({ code: 0 })
    expect(answer.stderr).toMatch(/certificate 3 is passed over/)
  })
})

test.each([
  ['a live host', ['--against', 'a.localhost'], 'not built yet'],
  ['the name of a client', ['--purpose', 'client', '--name', 'a.test'], '--name is for servers'],
  ['a time that is none', ['--at', 'tomorrow'], 'is not a time'],
])('%s is wrong usage, exit 2', async (_, args, text) => {
  const answer = await verify(path('good.pem'), ...withCa(), ...args)
  expect(answer).toMatchObject({ code: 2 })
  expect(answer.stderr).toContain(text)
})
