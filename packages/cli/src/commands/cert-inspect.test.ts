import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import {
  createTemporaryDirectory,
  createTestAuthority,
  type TemporaryDirectory,
  type TestAuthority,
} from '@twinlatch/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exitCodes } from '../cli-error.ts'
import { createProgram } from '../program.ts'
import type { Terminal } from '../terminal.ts'

let directory: TemporaryDirectory
let authority: TestAuthority
let said: string[]
const terminal: Terminal = {
  out: (text) => said.push(text),
  note: () => {},
  symbols: { pass: '✓', fail: '✕', skip: '–', warn: '⚠' },
}
const at = (name: string) => join(directory.path, name)

beforeAll(async () => {
  directory = await createTemporaryDirectory()
  authority = await createTestAuthority({ name: 'Inspect' })
  const client = await authority.issue({ subject: 'CN=erp,O=Partner' })
  writeFileSync(at('fine.p12'), await client.toPkcs12('right-password', 'modern'))
  writeFileSync(at('old.p12'), await client.toPkcs12('right-password', 'compat'))
  writeFileSync(at('chain.pem'), client.chainPem)
  const expired = await authority.issue({ subject: 'CN=late', shape: 'expired' })
  writeFileSync(at('late.pem'), expired.chainPem)
  writeFileSync(at('right.txt'), 'right-password\n')
  writeFileSync(at('wrong.txt'), 'wrong\n')
  writeFileSync(at('noise.bin'), Buffer.from([1, 2, 3]))
})
afterAll(() => directory.remove())
beforeEach(() => {
  said = []
})

/** Text that was printed; rejects with what carries the exit code. */
async function inspect(...words: readonly string[]): Promise<string> {
  await createProgram(terminal).parseAsync(['cert', 'inspect', ...words], { from: 'user' })
  return said.join('\n')
}

describe('a file', () => {
  test('that could be read is exit code 0, whatever is wrong with it', async () => {
    expect(await inspect(at('fine.p12'), '--password-file', at('right.txt'))).toContain('PKCS#12')
    expect(await inspect(at('late.pem'))).toContain('CRT101')
    expect(await inspect(at('chain.pem'))).toContain('CN=erp,O=Partner')
  })

  test.each([
    ['error', 'late.pem'],
    ['warn', 'late.pem'],
  ])('with a finding at or above --fail-on %s is exit code 3', async (level, name) => {
    await expect(inspect(at(name), '--fail-on', level)).rejects.toMatchObject({
      exitCode: exitCodes.findings,
    })
    expect(said.join()).toContain('CRT101')
  })

  test('without such a finding is exit code 0', async () => {
    await inspect(at('fine.p12'), '--password-file', at('right.txt'), '--fail-on', 'warn')
  })

  test('that the password does not open is exit code 1, and is told so in these words', async () => {
    await expect(inspect(at('fine.p12'), '--password-file', at('wrong.txt'))).rejects.toMatchObject(
      { exitCode: exitCodes.failed, message: 'wrong password' },
    )
  })

  test('that needs a password says so', async () => {
    await expect(inspect(at('fine.p12'))).rejects.toMatchObject({
      exitCode: exitCodes.failed,
      cure: expect.stringContaining('--password-file'),
    })
  })

  test.each(['noise.bin', 'none.p12'])('%s cannot be read: exit code 1', async (name) => {
    await expect(inspect(at(name))).rejects.toMatchObject({ exitCode: exitCodes.failed })
  })

  test('and password cannot both come from standard input', async () => {
    await expect(inspect('-', '--password-stdin')).rejects.toMatchObject({
      exitCode: exitCodes.usage,
    })
  })

  test('is data with -o json', async () => {
    const report = JSON.parse(
      await inspect(at('fine.p12'), '--password-file', at('right.txt'), '-o', 'json'),
    )
    expect(report).toMatchObject({ kind: 'pkcs12', opened: true })
    expect(JSON.stringify(report)).not.toContain('PRIVATE KEY')
  })
})

describe('a TLS server', () => {
  let server: Server
  let url: string

  beforeAll(async () => {
    const leaf = await authority.issue({
      subject: 'CN=www.mtls.localhost',
      purpose: 'server',
      subjectAltNames: [{ type: 'dns', value: 'www.mtls.localhost' }],
    })
    server = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem, requestCert: true })
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `https://www.mtls.localhost:${typeof address === 'object' ? address?.port : 0}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test('is inspected by name, its chain leaf first, and is no faulty client', async () => {
    const text = await inspect(url, '--fail-on', 'warn')
    expect(text).toContain(new URL(url).host)
    expect(text).toMatch(/1 leaf\s+CN=www\.mtls\.localhost/)
    expect(text).not.toContain('CRT104')
  })

  test('that is not there is exit code 5', async () => {
    await expect(inspect('https://localhost:1')).rejects.toMatchObject({
      exitCode: exitCodes.unreachable,
      why: expect.stringContaining('ECONNREFUSED'),
    })
  })
})
