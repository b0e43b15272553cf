import { readdirSync } from 'node:fs'
import { newSubaccountId } from '@twinlatch/kit'
import { expectGolden } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { gatewaySettings } from './config.ts'
import { plan } from './plan.ts'
import { caseFiles, planInput, planText } from './testdata/plan-yaml.ts'

const testdata = new URL('testdata/', import.meta.url)
const cases = readdirSync(testdata)
  .filter((name) => name.endsWith('.in.yaml'))
  .map((name) => name.slice(0, -'.in.yaml'.length))

describe('golden plans', () => {
  test.each(cases)('%s', (name) => {
    const result = plan(planInput(caseFiles(new URL(`${name}.in.yaml`, testdata))))
    expectGolden(new URL(`${name}.plan.yaml`, testdata), planText(result))
    // Whatever is planned can be compiled, with problems too.
    expect(() => compile(result.plan)).not.toThrow()
  })
})

test('a server that lost one host serves none, and leaves none to a weaker server', () => {
  const gateway = (name: string, mode: string, hosts: string) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: a }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ${hosts}
      tls: { mode: ${mode}, credentialName: x }
`
  const text = [
    gateway('a-open', 'SIMPLE', '["*.x.localhost", taken.localhost]'),
    gateway('b-mutual', 'MUTUAL', '[taken.localhost, m.x.localhost]'),
  ].join('---')
  const { plan: planned, problems } = plan(planInput([{ name: 'case.yaml', text }]))
  expect(problems.map(({ path }) => path)).toEqual(['spec.servers[0].hosts[0]'])
  const port = compile(planned).ports.get(9443)
  const owner = (name: string) => port?.chooseServer(name)
  expect(owner('m.x.localhost')).toMatchObject({
    gateway: { name: 'b-mutual' },
    material: { ready: false, reason: expect.stringContaining('taken') },
  })
  expect(owner('taken.localhost')?.gateway.name).toBe('a-open')
})

describe('two subaccounts', () => {
  const flow = caseFiles(new URL('mutual-gateway-with-policy-on-a-service.in.yaml', testdata))
  const input = planInput(flow)
  const [dev] = input.sets
  const other = { ...dev, subaccountId: newSubaccountId(), documents: dev?.documents ?? [] }

  test('a host that another subaccount claims is refused for the later Gateway, without its name', () => {
    const later = {
      ...other,
      documents: other.documents.map((document) => ({
        ...document,
        createdAt: '2027-01-01T00:00:00.000Z',
      })),
    }
    const { plan: planned, problems } = plan({ ...input, sets: [later, ...input.sets] })
    expect(problems).toEqual([
      {
        path: 'spec.servers[0].hosts[0]',
        message: 'host "*.mtls.localhost" is claimed by a Gateway of another subaccount',
        file: 'mutual-gateway.yaml',
        document: 0,
      },
    ])
    expect(planned.ports[0]?.servers.map((server) => server.subaccountId)).toEqual([
      dev?.subaccountId,
    ])
  })

  test('a narrower host below another subaccount’s wildcard is refused too', () => {
    const narrower = planInput([
      {
        name: 'a.yaml',
        text: `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: thief, namespace: a }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [httpbin-x509.mtls.localhost]
      tls: { mode: SIMPLE, credentialName: x }
`,
      },
    ]).sets[0]
    const late = (narrower?.documents ?? []).map((document) => ({
      ...document,
      createdAt: '2027-01-01T00:00:00.000Z',
    }))
    const { problems } = plan({
      ...input,
      sets: [...input.sets, { subaccountId: newSubaccountId(), documents: late }],
    })
    expect(problems.map(({ message }) => message)).toEqual([
      'host "httpbin-x509.mtls.localhost" is claimed by a Gateway of another subaccount',
    ])
  })

  test('secrets, services and gateways of another subaccount do not exist for this one', () => {
    const gatewaysOnly = {
      ...other,
      documents: other.documents.filter(({ kind }) => kind === 'VirtualService'),
    }
    const { plan: planned, warnings } = plan({ ...input, sets: [...input.sets, gatewaysOnly] })
    const [server] = planned.ports[0]?.servers ?? []
    expect(server?.virtualHosts.flatMap(({ routes }) => routes)).toHaveLength(1)
    expect(warnings.map(({ message }) => message)).toContain(
      'Gateway quovadis/kyma-mtls-gateway does not exist',
    )
  })
})

test('a stored policy that can no longer be read closes its namespace instead of opening it', () => {
  const input = planInput(caseFiles(new URL('a-crl-is-read-beside-the-ca.in.yaml', testdata)))
  const route = planInput(
    caseFiles(new URL('mutual-gateway-with-policy-on-a-service.in.yaml', testdata)),
  )
  const documents = (route.sets[0]?.documents ?? []).map((document) =>
    document.kind === 'AuthorizationPolicy'
      ? { ...document, body: { ...document.body, spec: { action: 'CUSTOM' } } }
      : document,
  )
  const { subaccountId } = route.sets[0] ?? { subaccountId: newSubaccountId() }
  const result = plan({ ...input, sets: [{ subaccountId, documents }] })
  expect(result.problems.map(({ path }) => path)).toEqual(['spec.action'])
  expect(result.plan.workloads.map(({ policies }) => policies.error)).toEqual([
    { policy: 'quovadis/x509-clients', reason: 'cannot be read' },
  ])
})

test('istioCompat refuses our extensions, and the namespace that leans on them is closed', () => {
  const files = caseFiles(
    new URL('policies-attach-by-selector-target-and-root-namespace.in.yaml', testdata),
  )
  const { plan: planned, problems } = plan(planInput(files, { istioCompat: true }))
  expect(problems.map(({ message }) => message)).toEqual([
    'apps/Deployment is no target in Istio, and istioCompat is on',
    'connection.tls.peer.subject is no key of Istio, and istioCompat is on',
    'networking.istio.io/Gateway is no target in Istio, and istioCompat is on',
  ])
  expect(planned.workloads[0]?.policies.error?.policy).toBe('quovadis/gateway')
})

describe('private upstreams', () => {
  const service = (name: string, upstream: string) => `
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: a
  annotations: { twinlatch.dev/upstream: "${upstream}" }
spec:
  ports: [{ port: 80, name: http }]
`
  const flow = caseFiles(new URL('mutual-gateway-with-policy-on-a-service.in.yaml', testdata))
  const text = [
    service('loopback', 'http://127.0.0.1:8080'),
    service('named', 'http://db.localhost:5432'),
    service('inside', 'http://192.168.1.1'),
    service('outside', 'https://api.example'),
  ].join('---')
  const input = planInput([...flow, { name: 'services.yaml', text }])

  test('are taken unless the installation has switched them off', () => {
    expect(plan(input).problems).toEqual([])
  })

  test('are refused with their place and the setting when it has', () => {
    const upstreams = { privateAddresses: false }
    const { problems } = plan({ ...input, settings: { ...input.settings, upstreams } })
    expect(problems.map(({ document, path }) => [document, path])).toEqual(
      [0, 1, 2].map((document) => [document, 'metadata.annotations["twinlatch.dev/upstream"]']),
    )
    expect(problems[0]?.message).toContain('gateway.upstreams.privateAddresses')
  })
})

describe('hosts that a subaccount may claim', () => {
  const other = newSubaccountId()
  const gateway = (hosts: string) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: g, namespace: a }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ${hosts}
      tls: { mode: MUTUAL, credentialName: x }
`
  /** What `other` is told when its Gateway has these hosts, and those it has then. */
  function claim(hosts: string, hostClaims: object) {
    const settings = gatewaySettings.parse({ hostClaims })
    const { sets } = planInput([{ name: 'case.yaml', text: gateway(hosts) }])
    const own = sets.map((set) => ({ ...set, subaccountId: other }))
    const { plan: planned, problems } = plan({ sets: own, settings })
    const [server] = planned.ports[0]?.servers ?? []
    return {
      problems: problems.map(({ path, message }) => `${path}: ${message}`),
      hosts: server?.hosts ?? [],
      reason: server?.material.ready === false ? server.material.reason : null,
    }
  }

  test('are all of them, unless the installation says otherwise', () => {
    expect(claim('["*"]', {})).toMatchObject({ problems: [], hosts: ['*'] })
  })

  test.each([
    ['["*.shop.example"]', { default: ['*.shop.example'] }],
    ['[a.shop.example, "*.b.shop.example"]', { default: ['*.shop.example'] }],
    ['[shop.example]', { default: ['SHOP.example'] }],
    ['["*"]', { default: [], subaccounts: { [other]: ['*'] } }],
    ['[x.example]', { default: [], subaccounts: { [other.toUpperCase()]: ['x.example'] } }],
  ])('%s is allowed by %o', (hosts, hostClaims) => {
    expect(claim(hosts, hostClaims).problems).toEqual([])
  })

  test.each([
    ['["*"]', { default: ['*.shop.example'] }],
    ['["*.example"]', { default: ['*.shop.example'] }],
    ['[shop.example]', { default: ['*.shop.example'] }],
    ['[evilshop.example]', { default: ['*.shop.example'] }],
    ['[a.shop.example]', { default: ['*.shop.example'], subaccounts: { [other]: [] } }],
    ['[a.shop.example]', { default: [], subaccounts: { dev: ['*'] } }],
  ])('%s is refused by %o, and serves nobody', (hosts, hostClaims) => {
    const { problems, hosts: claimed } = claim(hosts, hostClaims)
    expect(problems).toEqual([expect.stringContaining('spec.servers[0].hosts[0]: host "')])
    expect(problems[0]).toContain('gateway.hostClaims')
    expect(claimed).toEqual([])
  })

  test('one that is refused closes the others of its server', () => {
    const result = claim('[a.shop.example, "*"]', { default: ['*.shop.example'] })
    expect(result.hosts).toEqual(['a.shop.example'])
    expect(result.reason).toContain('not allowed')
  })

  test.each([{ default: ['a*b'] }, { default: 'x' }, { subaccounts: { somebody: ['*'] } }])(
    'settings that mean nothing are refused: %o',
    (hostClaims) => {
      expect(gatewaySettings.safeParse({ hostClaims }).success).toBe(false)
    },
  )
})
