import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remove, run, type Server, startServer, temporaryDirectory, twinlatchBin } from './stack.ts'

const cli = (...args: string[]) => run(twinlatchBin, args)

describe('without a server', () => {
  test.each([
    'open',
    'config',
    'context',
    'init',
    'diff',
    'describe',
    'export',
    'wait',
    'render',
    'import',
    'logs',
    'probe',
    'doctor',
    'lint',
    'audit',
    'xfcc',
    'route',
    'workload',
    'function',
    'policy',
    'api',
  ])('%s is known, exits 2 and says "not built yet"', async (name) => {
    const answer = await cli(name, 'anything', '--at-all')
    expect(answer.code).toBe(2)
    expect(answer.stderr).toContain('not built yet')
  })

  test.each([
    ['ca', 'rotate'],
    ['cert', 'revoke'],
    ['dest', 'check'],
    ['ks', 'download'],
    ['binding', 'rotate'],
    ['gw', 'list'],
    ['subaccount', 'delete'],
    ['dn', 'match'],
  ])('%s %s is known, exits 2 and says "not built yet"', async (noun, verb) => {
    const answer = await cli(noun, verb, 'x')
    expect(answer.code).toBe(2)
    expect(answer.stderr).toContain('not built yet')
  })

  test('an unknown command is wrong usage: exit code 2', async () => {
    expect((await cli('frobnicate')).code).toBe(2)
  })

  test('a command that needs a server exits 5 where there is none', async () => {
    const directory = temporaryDirectory()
    const answer = await run(twinlatchBin, ['status', '--home', join(directory, 'none')])
    expect(answer.code).toBe(5)
    expect(answer.stderr).toContain('twinlatch up')
    remove(directory)
  })

  test('a code is explained', async () => {
    const answer = await cli('help', 'codes', 'VAL_EXPIRED')
    expect(answer.code).toBe(0)
    expect(answer.stdout).toMatch(/VAL_EXPIRED.*\n.+\n.*→/)
  })

  test('names are compared by their parts, not by their text', async () => {
    const same = await cli('dn', 'compare', '/C=DE/O=Acme/CN=a', 'CN=a, O=Acme, C=DE')
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('same name')])
    const reversed = await cli('dn', 'compare', 'CN=a,O=Acme,C=DE', 'C=DE,O=Acme,CN=a')
    expect([reversed.code, reversed.stdout]).toEqual([1, expect.stringContaining('reversed')])
  })

  test.each(['bash', 'zsh', 'fish', 'powershell'])(
    'completion for %s asks the program itself',
    async (shell) => {
      expect((await cli('completion', shell)).stdout).toContain('__complete')
    },
  )

  test('completes commands, verbs and flags', async () => {
    expect((await cli('__complete', '--', 'ce')).stdout).toContain('cert')
    expect((await cli('__complete', '--', 'cert', '')).stdout.split('\n')).toContain('inspect')
    expect((await cli('__complete', '--', 'cert', 'issue', '--')).stdout).toContain('--key-type')
  })

  test('version names what it runs on, also as JSON', async () => {
    expect(JSON.parse((await cli('version', '-o', 'json')).stdout)).toMatchObject({
      node: expect.any(String),
    })
  })
})

describe('against a server', () => {
  const directory = temporaryDirectory()
  let server: Server

  beforeAll(async () => {
    server = await startServer(['--ephemeral', '--sample'])
  })
  afterAll(async () => {
    await server.end()
    remove(directory)
  })

  test('lists are arrays of stored values as JSON', async () => {
    const [first] = JSON.parse((await server.cli(['cert', 'list', '-o', 'json'])).stdout) as [
      object,
    ]
    for (const field of [
      'id',
      'name',
      'subject',
      'issuer',
      'serial',
      'sha256',
      'notBefore',
      'notAfter',
      'status',
    ]) {
      expect(first).toHaveProperty(field)
    }
    for (const noun of ['dest', 'ks', 'binding', 'subaccount', 'ca']) {
      const answer = await server.cli([noun, 'list', '-o', 'json'])
      expect(JSON.parse(answer.stdout), noun).toBeInstanceOf(Array)
    }
  })

  test('a keystore is never overwritten without --force, and is not ordered in vain', async () => {
    const file = join(directory, 'taken.p12')
    writeFileSync(file, 'mine')
    const before = JSON.parse((await server.cli(['cert', 'list', '-o', 'json'])).stdout).length
    const answer = await server.cli(['cert', 'issue', 'taken', '--password-stdin', '-o', file], {
      input: 'long enough password',
    })
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain('--force')
    expect(JSON.parse((await server.cli(['cert', 'list', '-o', 'json'])).stdout)).toHaveLength(
      before,
    )
  })

  test('a manifest with faults is refused as a whole, every fault with file, document, path and nearest name', async () => {
    const file = join(directory, 'faulty.yaml')
    writeFileSync(
      file,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: fine, namespace: q }\ndata: { a: b }\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: g, namespace: q }\nspec:\n  servers:\n    - port: { number: 443, name: https, protocol: HTTPS }\n      host: ["*.faulty.localhost"]\n      tls: { mode: MUTUALLY, credentialName: c }\n`,
    )
    const answer = await server.cli(['apply', '-f', file])
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain('faulty.yaml')
    expect(answer.stderr).toContain('document 2')
    expect(answer.stderr).toMatch(/host.*hosts/)
    expect(answer.stderr).toContain('mode')
    expect((await server.cli(['get', 'configmap', 'fine'])).code).toBe(1)
  })

  test('what is applied twice is unchanged the second time', async () => {
    const first = await server.cli(['apply', '-f', 'examples/01-cluster-domain'], {
      cwd: process.cwd(),
    })
    expect(first.code, first.stderr).toBe(0)
    expect(
      new Set(
        first.stdout
          .trim()
          .split('\n')
          .map((line) => line.split(' ').at(-1)),
      ),
    ).toEqual(new Set(['unchanged']))
  })

  test('get never prints the key of a Secret', async () => {
    const answer = await server.cli(['get', 'secret', 'kyma-mtls', '-o', 'yaml'])
    expect(answer.stdout).toContain('tls.key')
    expect(answer.stdout).not.toContain('LS0tLS1CRUdJTiBQUklWQVRF')
  })

  test('each subaccount sees its own things only', async () => {
    await server.cli(['subaccount', 'create', 'acme'])
    for (const noun of ['cert', 'dest', 'ks', 'binding']) {
      const answer = await server.cli([noun, 'list', '-o', 'json', '-s', 'acme'])
      expect(JSON.parse(answer.stdout), noun).toEqual([])
    }
    const stolen = await server.cli(
      ['apply', '-f', 'examples/01-cluster-domain/gateway.yaml', '-s', 'acme'],
      { cwd: process.cwd() },
    )
    expect(stolen.code).toBe(1)
    expect(stolen.stderr).toContain('*.mtls.localhost')
  })

  test('every issue, key read, shown binding and apply leaves an audit row', async () => {
    await server.cli(['dest', 'find', 'httpbin-x509'])
    await server.cli(['binding', 'show', 'sample-app'])
    const answer = await server.curl([
      ...[
        '-H',
        `Authorization: Bearer ${server.adminToken()}`,
        `${server.ready.urls.control}/api/audit`,
      ],
    ])
    const actions = new Set(
      (JSON.parse(answer.stdout) as { action: string }[]).map(({ action }) => action),
    )
    expect([...actions].sort()).toEqual(
      expect.arrayContaining(['binding.shown', 'certificate.issued', 'documents.applied']),
    )
    expect(
      [...actions].some((action) => /read|found/.test(action)),
      [...actions].join(),
    ).toBe(true)
  })

  test('hosts prints both loopback addresses of every name that is served', async () => {
    const { stdout } = await server.cli(['hosts', '--print'])
    expect(stdout).toContain('127.0.0.1 httpbin-x509.mtls.localhost')
    expect(stdout).toContain('::1 authentication.localhost')
  })

  test('a destructive command fails rather than hangs when nobody can be asked', async () => {
    expect((await server.cli(['ks', 'delete', 'poster-quovadis.p12'])).code).toBe(2)
  })
})
