import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import type { CompiledPort, HeaderValues } from './compiled.ts'
import { plan } from './plan.ts'
import { planInput } from './testdata/plan-yaml.ts'
import { requestView, workedPeer } from './testdata/request-view.ts'

const shared = (name: string) => ({
  name,
  text: readFileSync(new URL(`testdata/shared/${name}.yaml`, import.meta.url), 'utf8'),
})

function compiled(text: string, settings: Record<string, unknown> = {}) {
  const files = ['server-secret', 'ca-secret', 'httpbin'].map(shared)
  const result = plan(planInput([...files, { name: 'case.yaml', text }], settings))
  return { ...result, gateway: compile(result.plan, 7) }
}

function portOf(text: string, settings: Record<string, unknown> = {}): CompiledPort {
  const port = compiled(text, settings).gateway.ports.get(9443)
  if (port === undefined) throw new Error('no port 9443')
  return port
}

function gateway(name: string, host: string, mode: string, more = ''): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: quovadis }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ["${host}"]
      tls: { mode: ${mode}, credentialName: kyma-mtls${more} }
`
}

function route(name: string, host: string, gateways: string, rules: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: quovadis }
spec:
  hosts: ["${host}"]
  gateways: [${gateways}]
  http: ${rules}
`
}

const toHttpbin = '[{ route: [{ destination: { host: httpbin.quovadis.svc.cluster.local } }] }]'

describe('Host against the server of the connection (gateway.md section 5.3)', () => {
  const text = [
    gateway('wide', '*.localhost', 'SIMPLE'),
    gateway('strict', 'm.localhost', 'MUTUAL'),
    route('open', '*', 'wide, strict', toHttpbin),
  ].join('---\n')
  const port = portOf(text)
  const [wide, strict] = port.servers

  test.each([
    ['a.localhost', 'virtual-host'],
    ['A.localhost:9443', 'virtual-host'],
    ['m.localhost', 'misdirected'],
    ['M.LOCALHOST:1', 'misdirected'],
    ['m.localhost.', 'no-host'],
    ['a.localhost.', 'no-host'],
    ['elsewhere.example', 'no-host'],
    ['', 'no-host'],
  ])('%j on the wide SIMPLE server: %s', (authority, kind) => {
    expect(wide && port.chooseVirtualHost(wide, authority).kind).toBe(kind)
  })

  test('the strict server answers its own name, and not those of the other', () => {
    expect(strict && port.chooseVirtualHost(strict, 'm.localhost').kind).toBe('virtual-host')
    expect(strict && port.chooseVirtualHost(strict, 'a.localhost').kind).toBe('misdirected')
  })

  test('the server is chosen by the most specific name, never for a name with a trailing dot', () => {
    expect(port.chooseServer('M.localhost')).toBe(strict)
    expect(port.chooseServer('x.y.localhost')).toBe(wide)
    expect(port.chooseServer('localhost')).toBeNull()
    expect(port.chooseServer('m.localhost.')).toBeNull()
    expect(port.chooseServer(null)).toBeNull()
  })

  test('istioCompat does not lift 421 between servers that ask different things of a client', () => {
    const compat = portOf(text, { istioCompat: true })
    const [server] = compat.servers
    expect(server && compat.chooseVirtualHost(server, 'm.localhost').kind).toBe('misdirected')
  })

  test('istioCompat lifts it between servers that ask the same', () => {
    const equal = [
      gateway('wide', '*.localhost', 'MUTUAL'),
      gateway('strict', 'm.localhost', 'MUTUAL'),
      route('open', '*', 'wide, strict', toHttpbin),
    ].join('---\n')
    const answers = [true, false].map((istioCompat) => {
      const port = portOf(equal, { istioCompat })
      const [server] = port.servers
      return server && port.chooseVirtualHost(server, 'm.localhost').kind
    })
    expect(answers).toEqual(['virtual-host', 'misdirected'])
  })
})

const values: HeaderValues = {
  peer: workedPeer(),
  tlsVersion: 'TLSv1.3',
  tlsCipher: 'TLS_AES_256_GCM_SHA384',
  requestedServerName: 'a.localhost',
  remoteAddress: '192.0.2.1',
  remotePort: 1,
  localPort: 9443,
  startTime: new Date(0),
  method: 'GET',
  authority: 'a.localhost',
  path: '/',
  header: () => [],
}

function routes(rules: string) {
  const text = [gateway('g', 'a.localhost', 'MUTUAL'), route('v', 'a.localhost', 'g', rules)].join(
    '---\n',
  )
  const port = portOf(text)
  const [server] = port.servers
  const choice = server && port.chooseVirtualHost(server, 'a.localhost')
  if (choice?.kind !== 'virtual-host') throw new Error('no virtual host')
  return choice.virtualHost
}

describe('routes', () => {
  test('the first route whose conditions all hold wins', () => {
    const host = routes(`
    - { name: one, match: [{ uri: { prefix: /a }, method: { exact: POST } }], directResponse: { status: 201 } }
    - { match: [{ uri: { prefix: /a } }], directResponse: { status: 202 } }`)
    const status = (method: string, path: string) => {
      const action = host.chooseRoute(requestView({ method, path }))?.action
      return action?.kind === 'direct-response' ? action.status : null
    }
    expect([status('POST', '/ab'), status('GET', '/ab'), status('GET', '/b')]).toEqual([
      201,
      202,
      null,
    ])
    expect(host.chooseRoute(requestView({ method: 'POST', path: '/a' }))?.name).toBe(
      'quovadis/v rule 0 "one"',
    )
  })

  test.each([
    ['{ prefix: /p }', '/new', '/px', '/newx'],
    ['{ prefix: /a }', '/', '/a/b', '//b'],
    ['{ exact: /p }', '/new', '/p', '/new'],
    ['{ regex: "/p.*" }', '/new', '/pq', '/new'],
    ['{ prefix: /a }', '/', '/a../secret', '/secret'],
  ])('uri %s rewritten to %s: %s is forwarded as %s', (uri, rewrite, path, forwarded) => {
    const host = routes(`
    - match: [{ uri: ${uri} }]
      rewrite: { uri: "${rewrite}", authority: b.example }
      route: [{ destination: { host: httpbin.quovadis.svc.cluster.local } }]`)
    const view = requestView({ path, query: 'q=1' })
    const action = host.chooseRoute(view)?.action
    if (action?.kind !== 'forward') throw new Error('not forwarded')
    expect(action.rewritePath(view)).toBe(forwarded)
    expect(action.rewriteAuthority).toBe('b.example')
  })

  test('Host among the header operations rewrites the authority', () => {
    const host = routes(`
    - headers: { request: { set: { Host: c.example } } }
      route: [{ destination: { host: httpbin.quovadis.svc.cluster.local } }]`)
    const action = host.chooseRoute(requestView())?.action
    expect(action?.kind === 'forward' && action.rewriteAuthority).toBe('c.example')
  })

  test('weights are relative, and a weight of 0 is never chosen', () => {
    const host = routes(`
    - route:
        - { weight: 1, destination: { host: httpbin.quovadis.svc.cluster.local } }
        - { weight: 0, destination: { host: none } }
        - { weight: 3, destination: { host: other } }`)
    const action = host.chooseRoute(requestView())?.action
    const chosen = (random: number) =>
      action?.kind === 'forward' && action.chooseDestination(random).workload.service
    expect([0, 0.24, 0.25, 0.999999].map(chosen)).toEqual(['httpbin', 'httpbin', 'other', 'other'])
  })

  test.each([
    ['', 2],
    ['retries: { attempts: 0 },', 0],
    ['retries: { attempts: 5 },', 5],
    ['retries: { attempts: 5, retryOn: "connect-failure,refused-stream" },', 5],
    ['retries: { attempts: 5, retryOn: refused-stream },', 0],
  ])('retries with %j: %i after the first attempt', (retries, count) => {
    const host = routes(`[{ ${retries} route: [{ destination: { host: httpbin } }] }]`)
    const action = host.chooseRoute(requestView())?.action
    expect(action?.kind === 'forward' && action.retries).toBe(count)
  })

  test('one destination: its header operations come after those of the rule', () => {
    const host = routes(`
    - headers: { request: { set: { X-A: rule, X-Cn: "%DOWNSTREAM_PEER_SUBJECT%" } } }
      route: [{ destination: { host: httpbin }, headers: { request: { set: { X-A: destination } } } }]`)
    const action = host.chooseRoute(requestView())?.action
    const lines =
      action?.kind === 'forward' && action.chooseDestination(0).applyRequestHeaders([], values)
    expect(lines).toEqual([
      ['X-Cn', workedPeer().subject],
      ['X-A', 'destination'],
    ])
    expect([...host.peerFilledHeaders]).toEqual(['x-cn'])
  })

  test('several destinations: the rule comes last, as in Envoy', () => {
    const host = routes(`
    - headers: { request: { set: { X-A: rule } } }
      route:
        - { weight: 1, destination: { host: httpbin }, headers: { request: { set: { X-A: one, X-S: "%DOWNSTREAM_PEER_SERIAL%" } } } }
        - { weight: 1, destination: { host: httpbin } }`)
    const action = host.chooseRoute(requestView())?.action
    const lines =
      action?.kind === 'forward' && action.chooseDestination(0).applyRequestHeaders([], values)
    expect(lines).toEqual([
      ['X-S', '012345'],
      ['X-A', 'rule'],
    ])
    expect([...host.peerFilledHeaders]).toEqual(['x-s'])
  })
})

test('the mesh hop names gateway and workload by their service accounts', () => {
  const text = [
    gateway('g', 'a.localhost', 'MUTUAL'),
    route('v', 'a.localhost', 'g', toHttpbin),
  ].join('---\n')
  const { gateway: value } = compiled(text, { meshHop: { enabled: true } })
  expect(value.generation).toBe(7)
  const server = value.ports.get(9443)?.servers[0]
  const choice = server && value.ports.get(9443)?.chooseVirtualHost(server, 'a.localhost')
  const action =
    choice?.kind === 'virtual-host' && choice.virtualHost.chooseRoute(requestView())?.action
  const workload = action && action.kind === 'forward' && action.chooseDestination(0).workload
  expect(workload && server?.xfcc.meshHop?.workloadSpiffe(workload)).toBe(
    'spiffe://cluster.local/ns/quovadis/sa/httpbin',
  )
  expect(server?.xfcc.meshHop?.gatewaySpiffe).toBe(
    'spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
  )
  expect(server?.material.ready && server.material.ownUriSans).toEqual(['spiffe://golden/gateway'])
})
