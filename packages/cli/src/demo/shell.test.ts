import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoNames } from './names.ts'
import { DemoShell } from './shell.ts'

let directory: TemporaryDirectory
let shell: DemoShell

beforeEach(async () => {
  directory = await createTemporaryDirectory()
  shell = new DemoShell(directory.path, demoNames('quovadis'), {
    home: directory.path,
    controlUrl: 'https://localhost:1',
    gatewayPort: 2,
    caFile: 'ca.pem',
    adminTokenFile: 'admin-token',
  })
})
afterEach(() => directory.remove())

const secret = 'c2VjcmV0LXZhbHVl'
const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`
const base64 = Buffer.from(key).toString('base64')

describe('a transcript', () => {
  test.each([
    ['a private key', key],
    ['an encrypted one', key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE')],
    ['an RSA one', key.replaceAll('PRIVATE', 'RSA PRIVATE')],
    ['one of which only the beginning came', key.slice(0, -20)],
    ['one inside JSON', JSON.stringify({ privateKeyPem: key })],
    ['a token', JSON.stringify({ access_token: secret, token_type: 'bearer' })],
    ['a refresh token', `{"refresh_token": "${secret}"}`],
    [
      'the password of a destination',
      JSON.stringify({ KeyStorePassword: secret, Password: secret }),
    ],
    ['a password with quotes in it', JSON.stringify({ Password: `a"${secret}` })],
    ['the content of a keystore', JSON.stringify({ Name: 'a.p12', Content: secret })],
    ['a keystore that was issued', `{ "file" : "${secret}" }`],
    ['credentials of a binding', JSON.stringify({ clientid: 'a', clientsecret: secret })],
    ['the same inside a shell line', `export VCAP_SERVICES='{"clientsecret":"${secret}"}'`],
    ['the same as a Kubernetes Secret', `data:\n  clientsecret: ${secret}\n`],
    ['the key of a TLS Secret', `data:\n  tls.key: ${base64}\n`],
    ['the same as JSON', JSON.stringify({ 'tls.key': base64 })],
    ['a bearer header', `> Authorization: Bearer ${secret}`],
    ['a basic header', `"Authorization": "Basic ${secret}"`],
  ])('holds no secret: %s', async (_what, text) => {
    await shell.tool('cat', [], { input: text })
    const [line] = shell.transcript
    expect(line?.output).toContain('[secret]')
    expect(line?.output).not.toContain(secret)
    expect(line?.output).not.toContain(base64)
  })

  test('holds what is no secret', async () => {
    const text = `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{"KeyStoreLocation":"a.p12","clientid":"b"}\ntls.crt: AAAA`
    await shell.tool('cat', [], { input: text })
    expect(shell.transcript[0]?.output).toBe(text)
  })

  test('shows a command as a shell would take it, its secrets folded too', async () => {
    await shell.tool('echo', ["it's", 'a b', '-H', `Authorization: Bearer ${secret}`])
    const [line] = shell.transcript
    expect(line?.command).toBe(`echo 'it'\\''s' 'a b' -H 'Authorization: Bearer [secret]'`)
  })

  test('the answer itself is whole: checks need it', async () => {
    expect((await shell.tool('cat', [], { input: key })).stdout).toBe(key)
  })
})

describe('a command', () => {
  test('that is missing is named', async () => {
    await expect(shell.tool('no-such-tool', [])).rejects.toThrow('"no-such-tool" is not installed')
  })

  test('with another exit code than expected fails the step, and is in the transcript', async () => {
    await expect(shell.tool('sh', ['-c', 'echo why; exit 3'])).rejects.toThrow('exit code 3')
    expect(shell.transcript[0]?.output).toBe('why')
    await shell.tool('sh', ['-c', 'exit 3'], { exit: [3] })
    await shell.tool('sh', ['-c', 'exit 3'], { exit: 'any' })
  })

  test('knows the server of the demo and no proxy', async () => {
    const { stdout } = await shell.tool('sh', ['-c', 'echo $TWINLATCH_SERVER $no_proxy'])
    expect(stdout).toBe('https://localhost:1 localhost,.localhost,127.0.0.1\n')
  })
})

test('names of a walk on a foreign server are all its own', () => {
  const [own, foreign] = [demoNames('quovadis'), demoNames('d123')]
  const shared = (Object.keys(own) as (keyof typeof own)[]).filter(
    (name) => own[name] === foreign[name],
  )
  // Inside a subaccount that is itself the walk's own.
  expect(shared).toEqual(['otherBinding'])
})
