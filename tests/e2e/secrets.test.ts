import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readKeystore } from '@twinlatch/pki'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remove, type Server, startServer, temporaryDirectory } from './stack.ts'

/** A secret and the spellings in which its bytes could lie in a file or a log. */
function spellings(secret: Buffer): readonly Buffer[] {
  const base64 = secret.toString('base64').replace(/=+$/, '')
  return [
    secret,
    Buffer.from(base64),
    Buffer.from(secret.toString('base64url')),
    Buffer.from(secret.toString('hex')),
  ]
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
}

describe('no secret leaves its seal', () => {
  const directory = temporaryDirectory()
  const home = join(directory, 'home')
  const keystorePassword = 'Keystore-Password-4711'
  const basicPassword = 'Basic-Password-0815'
  let server: Server
  const secrets = new Map<string, Buffer>()

  beforeAll(async () => {
    server = await startServer(['--sample', '--ephemeral', '--home', home, '--log-level', 'trace'])
    const passwordFile = join(directory, 'password.txt')
    writeFileSync(passwordFile, `${keystorePassword}\n`, { mode: 0o600 })
    const file = join(directory, 'secret-client.p12')
    await server.cli([
      'cert',
      'issue',
      'secret-client',
      '--password-file',
      passwordFile,
      '-o',
      file,
    ])
    await server.cli(['ks', 'upload', file, '--password-file', passwordFile])
    await server.cli([
      ...['dest', 'create', 'secret-destination', '--url', 'https://example.localhost'],
      ...['--auth', 'ClientCertificateAuthentication', '--keystore', 'secret-client.p12'],
      ...['--keystore-password-file', passwordFile],
    ])
    const exported = join(directory, 'export.json')
    writeFileSync(
      exported,
      JSON.stringify({
        Name: 'basic',
        Type: 'HTTP',
        URL: 'https://b.localhost',
        ProxyType: 'Internet',
        Authentication: 'BasicAuthentication',
        User: 'u',
        Password: basicPassword,
      }),
    )
    await server.cli(['dest', 'import', exported])
    await server.cli(['dest', 'find', 'secret-destination'])
    const binding = await server.cli(['binding', 'show', 'sample-app'])
    const { clientsecret } = JSON.parse(binding.stdout).destination[0].credentials
    await server.curl([
      ...[
        '-d',
        `grant_type=client_credentials&client_id=wrong&client_secret=${encodeURIComponent(clientsecret)}`,
      ],
      `${server.ready.urls.control}/oauth/token`,
    ])
    const bytes = readFileSync(file)
    const { entries } = await readKeystore(bytes, { password: keystorePassword })
    secrets.set('the password of a keystore', Buffer.from(keystorePassword))
    secrets.set('the password of a BasicAuthentication destination', Buffer.from(basicPassword))
    secrets.set('the client secret of a binding', Buffer.from(clientsecret))
    secrets.set('the keystore', bytes.subarray(200, 264))
    const jwk = entries[0]?.privateKey.export({ format: 'jwk' })
    secrets.set(
      'the private key of an issued certificate',
      Buffer.from(jwk?.d ?? '', 'base64url').subarray(0, 48),
    )
    secrets.set('the admin token', Buffer.from(server.adminToken()))
  })
  afterAll(async () => {
    await server.end()
    remove(directory)
  })

  test('in no file of the home but the one that is the secret itself', () => {
    for (const path of filesBelow(home)) {
      const content = readFileSync(path)
      for (const [name, secret] of secrets) {
        if (name === 'the admin token' && path === server.ready.adminToken) continue
        for (const spelling of spellings(secret)) {
          expect(content.includes(spelling), `${name} lies in ${path}`).toBe(false)
        }
      }
    }
  })

  test('in no output of the server, at the most talkative level', () => {
    const output = Buffer.from(server.output())
    expect(output.length).toBeGreaterThan(500)
    for (const [name, secret] of secrets) {
      for (const spelling of spellings(secret)) {
        expect(output.includes(spelling), `${name} was logged`).toBe(false)
      }
    }
  })

  test('but the search finds what is there', () => {
    const names = filesBelow(home).map((path) => readFileSync(path))
    expect(names.some((content) => content.includes('secret-destination'))).toBe(true)
    expect(names.some((content) => content.includes(server.adminToken()))).toBe(true)
  })
})
