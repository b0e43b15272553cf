import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { requireTool } from '@twinlatch/testing'
import { parseXfcc } from '@twinlatch/trust'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remove, type Server, startServer, temporaryDirectory } from './stack.ts'

const dev = 'OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local'
const poster = `CN=poster-quovadis (P000000),L=dev.localhost,${dev},OU=Twinlatch Clients,O=Twinlatch,C=DE`
const partner = `CN=partner-quovadis (P000000),L=dev.localhost,${dev},OU=Twinlatch Partners,O=Twinlatch,C=DE`

const hasTools = !requireTool('curl').missing && !requireTool('openssl').missing

describe.skipIf(!hasTools)('the sample, as a person with curl meets it', () => {
  const directory = temporaryDirectory()
  let server: Server

  beforeAll(async () => {
    server = await startServer(['--ephemeral', '--sample'])
    const sample = join(server.ready.home, 'sample')
    for (const name of ['poster', 'partner']) {
      for (const [kind, flags] of [
        ['key', ['-nodes', '-nocerts']],
        ['crt', ['-nokeys']],
      ] as const) {
        execFileSync('openssl', [
          ...['pkcs12', '-in', join(sample, `${name}-quovadis.p12`)],
          ...['-passin', `file:${join(sample, 'password.txt')}`, ...flags],
          ...['-out', join(directory, `${name}.${kind}`)],
        ])
      }
    }
  })
  afterAll(async () => {
    await server.end()
    remove(directory)
  })

  const call = (client: string | null, host: string, path: string, ...more: string[]) =>
    server.curl([
      ...(client
        ? ['--key', join(directory, `${client}.key`), '--cert', join(directory, `${client}.crt`)]
        : []),
      ...more,
      `https://${host}:${server.gatewayPort}${path}`,
    ])
  const headersOf = (text: string) =>
    (JSON.parse(text) as { headers: Readonly<Record<string, string>> }).headers

  test('the workload learns subject, issuer, attempt, timeout, host and id', async () => {
    const headers = headersOf(
      (await call('poster', 'httpbin-x509.mtls.localhost', '/headers')).stdout,
    )
    expect(headers).toMatchObject({
      'X-Client-Ssl-Cn': poster,
      'X-Client-Ssl-Issuer': 'CN=Dev Client CA,OU=Twinlatch Clients,O=Twinlatch,C=DE',
      'X-Envoy-Attempt-Count': '1',
      'X-Envoy-Expected-Rq-Timeout-Ms': '300000',
      'X-Forwarded-Host': `httpbin-x509.mtls.localhost:${server.gatewayPort}`,
      'X-Request-Id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(headers).not.toHaveProperty('X-Client-Ssl-San')
  })

  test('x-forwarded-client-cert has both elements, because the sample has meshHop on', async () => {
    const headers = headersOf(
      (await call('poster', 'httpbin-x509.mtls.localhost', '/headers')).stdout,
    )
    const elements = parseXfcc(headers['X-Forwarded-Client-Cert'] ?? '')
    expect(elements).toHaveLength(2)
    expect(headers['X-Forwarded-Client-Cert']).toContain(`Subject="${poster}";URI=`)
    expect(headers['X-Forwarded-Client-Cert']).toMatch(
      /,By=spiffe:\/\/cluster\.local\/ns\/quovadis\/sa\/httpbin;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/cluster\.local\/ns\/istio-system\/sa\/istio-ingressgateway-service-account$/,
    )
  })

  test('the partner reaches the own domain, allowed by the policy with a selector', async () => {
    const headers = headersOf(
      (await call('partner', 'httpbin.quovadis.localhost', '/headers')).stdout,
    )
    expect(headers['X-Client-Ssl-Cn']).toBe(partner)
  })

  test.each([
    ['partner', 'httpbin-x509.mtls.localhost'],
    ['poster', 'httpbin.quovadis.localhost'],
  ])('the certificate of %s is refused on %s', async (client, host) => {
    const answer = await call(client, host, '/headers', '-w', '%{http_code}')
    expect(answer.code).not.toBe(0)
    expect(answer.stdout).toBe('000')
    const explained = await server.cli(['explain', '--last-denied'])
    expect(explained.code).toBe(4)
    expect(explained.stdout).toContain('CHN_UNKNOWN_AUTHORITY')
  })

  test('the Host of the other gateway is misdirected: 421, whatever the policies say', async () => {
    const answer = await call(
      ...(['poster', 'httpbin-x509.mtls.localhost', '/headers'] as const),
      ...[
        '-H',
        `Host: httpbin.quovadis.localhost:${server.gatewayPort}`,
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
      ],
    )
    expect(answer.stdout).toBe('421')
  })

  test('identity headers that a client sends are replaced or dropped, in every spelling', async () => {
    const answer = await call(
      ...(['poster', 'httpbin-x509.mtls.localhost', '/headers'] as const),
      ...[
        'X-Client-Ssl-Cn',
        'X_Client_Ssl_Cn',
        'x-client_ssl-cn',
        'X-Client-Ssl-San',
        'Client-Cert',
        'X-Envoy-Peer-Metadata',
      ].flatMap((name) => ['-H', `${name}: CN=admin`]),
      ...['-H', 'X-Forwarded-Client-Cert: Hash=00;Subject="CN=admin"'],
    )
    expect(answer.stdout).not.toContain('CN=admin')
    expect(headersOf(answer.stdout)['X-Client-Ssl-Cn']).toBe(poster)
  })

  test('a caller who is refused by policy learns status, class and id; the operator learns why', async () => {
    await server.cli(
      [
        'cert',
        'issue',
        'stranger',
        '--key-type',
        'ec',
        '--password-stdin',
        '-o',
        join(directory, 's.p12'),
      ],
      { input: 'long enough password' },
    )
    for (const [kind, flags] of [
      ['key', ['-nodes', '-nocerts']],
      ['crt', ['-nokeys']],
    ] as const) {
      execFileSync('openssl', [
        'pkcs12',
        '-in',
        join(directory, 's.p12'),
        '-passin',
        'pass:long enough password',
        ...flags,
        '-out',
        join(directory, `stranger.${kind}`),
      ])
    }
    const answer = await call(
      'stranger',
      'httpbin-x509.mtls.localhost',
      '/headers?token=secret',
      '-i',
    )
    expect(answer.stdout).toMatch(/^HTTP\/1\.1 403/)
    expect(answer.stdout).toMatch(/\r\n\r\nRBAC: access denied$/)
    expect(answer.stdout).not.toContain('x509-clients')
    const id = /x-request-id: (\S+)/i.exec(answer.stdout)?.[1] ?? ''
    const explained = await server.cli(['explain', id])
    expect(explained.code).toBe(4)
    expect(explained.stdout).toContain('POL_NO_ALLOW_MATCHED')
    expect(explained.stdout).toMatch(
      /RDN 1: CN=poster-quovadis \(P000000\) \/ CN=stranger \(P000000\)/,
    )
    expect(explained.stdout).not.toContain('token=secret')
  })

  test('httpbin answers as its users know it', async () => {
    const get = (path: string, ...more: string[]) =>
      call('poster', 'httpbin-x509.mtls.localhost', path, ...more)
    expect((await get('/status/418', '-o', '/dev/null', '-w', '%{http_code}')).stdout).toBe('418')
    expect(JSON.parse((await get('/get?a=1&a=2')).stdout)).toMatchObject({
      args: { a: ['1', '2'] },
    })
    expect(JSON.parse((await get('/post', '-d', 'x=y')).stdout)).toMatchObject({ form: { x: 'y' } })
    expect(JSON.parse((await get('/anything/b', '-X', 'PUT')).stdout)).toMatchObject({
      method: 'PUT',
    })
    expect((await get('/bytes/1000')).stdout.length).toBeGreaterThan(0)
    expect((await get('/stream/3')).stdout.trim().split('\n')).toHaveLength(3)
    expect(JSON.parse((await get('/gzip', '--compressed')).stdout)).toMatchObject({ gzipped: true })
    expect(JSON.parse((await get('/uuid')).stdout)).toHaveProperty('uuid')
    expect((await get('/delay/0.1', '-o', '/dev/null', '-w', '%{http_code}')).stdout).toBe('200')
  })

  test('a withdrawn policy or authority takes effect without a restart, on the next call', async () => {
    const deleted = await server.cli(['delete', '-f', 'examples/01-cluster-domain/policy.yaml'], {
      cwd: process.cwd(),
    })
    expect(deleted.code, deleted.stderr).toBe(0)
    const status = async () =>
      (
        await call(
          'poster',
          'httpbin-x509.mtls.localhost',
          '/headers',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}',
        )
      ).stdout
    // The other host's policy still covers the workload, and it allows the partner only.
    expect(await status()).toBe('403')
    await server.cli(['apply', '-f', 'examples/01-cluster-domain/policy.yaml'], {
      cwd: process.cwd(),
    })
    expect(await status()).toBe('200')
  })
})
