import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { readExport } from './destination-export.ts'

let directory: TemporaryDirectory

beforeEach(async () => {
  directory = await createTemporaryDirectory()
})
afterEach(() => directory.remove())

/** As a cockpit writes it: no secrets, `KeyStoreLocation` by name. */
const exported = {
  Name: 'httpbin-x509',
  Type: 'HTTP',
  URL: 'https://httpbin-x509.mtls.localhost:9443',
  ProxyType: 'Internet',
  Authentication: 'ClientCertificateAuthentication',
  KeyStoreLocation: 'poster-quovadis.p12',
}
const plain = { Name: 'plain', Type: 'HTTP', URL: 'http://x.localhost', ProxyType: 'Internet' }

function read(content: unknown, password: string | null = null) {
  const file = join(directory.path, 'export.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return readExport(file, password)
}

function refusalOf(work: () => unknown): CliError {
  try {
    work()
  } catch (error) {
    if (error instanceof CliError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('an export of a cockpit', () => {
  test('is one flat object or an array of them', () => {
    expect(read(plain)).toEqual([plain])
    expect(read([plain, { ...plain, Name: 'other' }])).toEqual([plain, { ...plain, Name: 'other' }])
  })

  test('with an object of odd length in place of its name is refused by place', () => {
    writeFileSync(join(directory.path, 'odd.json'), '{"Name":{"length":{"toString":1}}}')
    expect(() => readExport(join(directory.path, 'odd.json'), null)).toThrow(CliError)
  })

  test('may hold booleans and numbers; the service keeps texts', () => {
    const body = { ...plain, 'HTML5.DynamicDestination': true, 'HTML5.Timeout': 30_000 }
    expect(read(body)).toEqual([
      { ...plain, 'HTML5.DynamicDestination': 'true', 'HTML5.Timeout': '30000' },
    ])
  })

  test('may begin with a byte order mark, as editors of Windows write it', () => {
    expect(read(`\ufeff${JSON.stringify(plain)}`)).toEqual([plain])
  })

  test('is given the password of its keystore', () => {
    expect(read(exported, 'pw')).toEqual([{ ...exported, KeyStorePassword: 'pw' }])
  })

  test('keeps a password that stands in the file', () => {
    const whole = { ...exported, KeyStorePassword: 'in the file' }
    expect(read(whole, 'pw')).toEqual([whole])
  })

  test('gives no password to destinations without a keystore that has one', () => {
    const pem = { ...exported, KeyStoreLocation: 'client.pem' }
    expect(read([plain, pem], 'pw')).toEqual([plain, pem])
  })

  test('needs no password for a keystore that the client provides', () => {
    const provided = { ...exported, 'KeyStore.Source': 'ClientProvided' }
    expect(read(provided)).toEqual([provided])
  })
})

describe('what is missing', () => {
  test('is named for every destination of the file, and nothing is imported', () => {
    const basic = { ...plain, Name: 'basic', Authentication: 'BasicAuthentication', User: 'u' }
    expect(() => read([exported, plain, basic])).toThrow(
      expect.objectContaining({
        exitCode: 1,
        why: 'httpbin-x509: KeyStorePassword is missing\nbasic: Password is missing',
        cure: expect.stringContaining('--keystore-password-file'),
      }),
    )
  })

  test('counts as missing when it is empty', () => {
    expect(() => read({ ...exported, KeyStorePassword: '' })).toThrow('lacks secrets')
  })
})

describe('what is no export', () => {
  test.each([
    ['another form', 'null', 'object'],
    ['an empty array', '[]', 'array'],
    ['no name', { ...plain, Name: undefined }, 'Name'],
    ['an empty name', { ...plain, Name: '' }, 'Name'],
    ['a nested property', { ...plain, More: { a: 'b' } }, 'More'],
    ['a property that is null', { ...plain, User: null }, 'User'],
    ['a fault in the second of two', [plain, { ...plain, Name: 'b', More: [] }], '1.More'],
  ])('%s is refused with the place of the fault', (_what, content, place) => {
    expect(() => read(content)).toThrow(
      expect.objectContaining({ why: expect.stringContaining(place) }),
    )
  })

  test('two destinations of one name are refused before the first is created', () => {
    expect(() => read([plain, plain])).toThrow(
      expect.objectContaining({ why: expect.stringContaining('plain') }),
    )
  })

  test('a file that is no JSON is named, without what stands in it', () => {
    const refusal = refusalOf(() => read('{\n"Password": hunter2}'))
    expect(refusal.message).toContain('cannot be read as JSON')
    expect(`${refusal.message} ${refusal.why} ${refusal.cure}`).not.toContain('hunter2')
  })

  test('a file of more than 1 MiB is not read', () => {
    expect(() => read(' '.repeat(1024 * 1024 + 1))).toThrow('1 MiB')
  })

  test('no JSON at all makes anything but a list or a refusal', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          for (const body of read(text)) {
            for (const value of Object.values(body)) expect(typeof value).toBe('string')
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CliError)
        }
      }),
      { numRuns: 200 },
    )
  })
})
