import { describe, expect, test } from 'vitest'
import type { PolicySet, RequestView } from '../compiled.ts'
import { authorizationPolicySchema } from '../istio/authorization-policy.ts'
import type { PlannedPolicy } from '../plan/types.ts'
import { requestView, workedPeer } from '../testdata/request-view.ts'
import { compilePolicySet } from './policy-set.ts'

type View = Parameters<typeof requestView>[0]

/** A policy as it comes out of its manifest. */
function policy(name: string, spec: unknown, dryRun = false): PlannedPolicy {
  const parsed = authorizationPolicySchema.parse({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'ns' },
    spec,
  })
  return {
    id: `sub/ns/${name}`,
    name: `ns/${name}`,
    namespace: 'ns',
    action: parsed.spec.action as PlannedPolicy['action'],
    dryRun,
    rules: parsed.spec.rules ?? [],
  }
}

function policySet(policies: readonly PlannedPolicy[]): PolicySet {
  return compilePolicySet(
    { policies: policies.map(({ id }) => id), error: null },
    new Map(policies.map((entry) => [entry.id, entry])),
    { point: 'workload', names: new WeakMap() },
  )
}

function allows(rules: unknown, view: View): boolean {
  return policySet([policy('p', { action: 'ALLOW', rules })]).decide(requestView(view)).allowed
}

function denies(rules: unknown, view: View): boolean {
  return !policySet([policy('p', { action: 'DENY', rules })]).decide(requestView(view)).allowed
}

const when = (key: string, lists: object) => [{ when: [{ key, ...lists }] }]
const cn = 'request.headers[X-Client-Ssl-Cn]'
const header = (...lines: string[]): View => ({ headers: { 'x-client-ssl-cn': lines } })

describe('decision (gateway.md section 11.3)', () => {
  test('without policies everything is allowed, and there is nothing to ask', () => {
    const none = policySet([])
    expect(none.empty).toBe(true)
    expect(none.decide(requestView())).toEqual({ allowed: true, code: null, policy: null })
  })

  test('an ALLOW policy without rules denies everything', () => {
    for (const spec of [{}, { action: 'ALLOW' }, { rules: [] }]) {
      expect(policySet([policy('p', spec)]).decide(requestView())).toEqual({
        allowed: false,
        code: 'POL_NO_ALLOW_MATCHED',
        policy: null,
      })
    }
  })

  test('rules: [{}] matches everything', () => {
    expect([allows([{}], {}), denies([{}], {})]).toEqual([true, true])
  })

  test('DENY wins over ALLOW and is named', () => {
    const decided = policySet([
      policy('yes', { rules: [{}] }),
      policy('no', { action: 'DENY', rules: [{}] }),
    ]).decide(requestView())
    expect(decided).toEqual({ allowed: false, code: 'POL_DENY_MATCHED', policy: 'ns/no' })
  })

  test('AUDIT and dry-run policies are recorded and not enforced', () => {
    const set = policySet([
      policy('audit', { action: 'AUDIT', rules: [{}] }),
      policy('deny', { action: 'DENY', rules: [{}] }, true),
      policy('allow', {}, true),
    ])
    expect(set.empty).toBe(false)
    expect(set.decide(requestView()).allowed).toBe(true)
    expect(set.trace(requestView()).map(({ name, matched }) => [name, matched])).toEqual([
      ['ns/audit', true],
      ['ns/deny (dry run)', true],
      ['ns/allow (dry run)', false],
    ])
  })

  test('an attachment with an error refuses everything, without any policy too', () => {
    const broken = compilePolicySet(
      { policies: [], error: { policy: 'ns/typo', reason: 'x' } },
      new Map(),
      { point: 'gateway', names: new WeakMap() },
    )
    expect(broken.empty).toBe(false)
    expect(broken.decide(requestView())).toEqual({
      allowed: false,
      code: 'POL_ERROR',
      policy: 'ns/typo',
    })
  })
})

describe('string forms (gateway.md section 11.4)', () => {
  test.each<[string, string, string[], boolean]>([
    ['exact', 'abc', ['abc'], true],
    ['exact has case', 'abc', ['ABC'], false],
    ['prefix', 'abc*', ['abcd'], true],
    ['suffix', '*abc', ['xabc'], true],
    ['present, also empty', '*', [''], true],
    ['absent', '*', [], false],
    ['an asterisk elsewhere is literal', 'a*c', ['abc'], false],
    ['an asterisk elsewhere is literal', 'a*c', ['a*c'], true],
  ])('%s: %j against %j', (_, value, lines, matches) => {
    expect(allows(when(cn, { values: [value] }), header(...lines))).toBe(matches)
  })

  test('notValues alone is true for a missing header: DENY closes, ALLOW opens', () => {
    const rules = when(cn, { notValues: ['CN=good'] })
    expect([
      denies(rules, {}),
      denies(rules, header('CN=good')),
      denies(rules, header('CN=bad')),
    ]).toEqual([true, false, true])
    expect([allows(rules, {}), allows(rules, header('CN=good'))]).toEqual([true, false])
  })

  test('DENY notValues * means: the header is absent', () => {
    const rules = when(cn, { notValues: ['*'] })
    expect([denies(rules, {}), denies(rules, header(''))]).toEqual([true, false])
  })
})

describe('a repeated header counts in the stricter reading (gateway.md section 11.4)', () => {
  test.each<[string, object, string[], { allow: boolean; deny: boolean }]>([
    ['one line', { values: ['good'] }, ['good'], { allow: true, deny: true }],
    ['good and bad lines', { values: ['good'] }, ['good', 'bad'], { allow: false, deny: true }],
    ['good twice', { values: ['good'] }, ['good', 'good'], { allow: false, deny: true }],
    ['joined text', { values: ['good,bad'] }, ['good', 'bad'], { allow: false, deny: true }],
    ['prefix in both', { values: ['good*'] }, ['good', 'bad'], { allow: true, deny: true }],
    ['not good', { notValues: ['good'] }, ['good', 'bad'], { allow: false, deny: true }],
    [
      'a list in one line is one value',
      { values: ['good'] },
      ['good,bad'],
      { allow: false, deny: false },
    ],
  ])('%s', (_, lists, lines, expected) => {
    const rules = when(cn, lists)
    expect({
      allow: allows(rules, header(...lines)),
      deny: denies(rules, header(...lines)),
    }).toEqual(expected)
  })
})

describe('fields', () => {
  const from = (source: object) => [{ from: [{ source }] }]
  const to = (operation: object) => [{ to: [{ operation }] }]
  const gatewayId = 'cluster.local/ns/istio-system/sa/ingress'

  test.each<[string, unknown, View, boolean]>([
    [
      'principal',
      from({ principals: [gatewayId] }),
      { principals: [gatewayId], authenticated: true },
      true,
    ],
    [
      'principal prefix',
      from({ principals: ['cluster.local/*'] }),
      { principals: [gatewayId], authenticated: true },
      true,
    ],
    ['any principal', from({ principals: ['*'] }), { authenticated: true }, true],
    ['any principal, no certificate', from({ principals: ['*'] }), {}, false],
    ['not any principal', from({ notPrincipals: ['*'] }), {}, true],
    ['a name among others', from({ principals: ['x', '*'] }), { authenticated: true }, true],
    [
      'namespace',
      from({ namespaces: ['istio-system'] }),
      { principals: [gatewayId], authenticated: true },
      true,
    ],
    [
      'namespace wildcard',
      from({ namespaces: ['istio-*'] }),
      { principals: [gatewayId], authenticated: true },
      true,
    ],
    [
      'another namespace',
      from({ namespaces: ['istio'] }),
      { principals: [gatewayId], authenticated: true },
      false,
    ],
    ['not that namespace', from({ notNamespaces: ['x'] }), {}, true],
    ['ip', from({ ipBlocks: ['192.0.2.0/24'] }), {}, true],
    [
      'mapped ip',
      from({ ipBlocks: ['192.0.2.0/24'] }),
      { sourceAddress: '::ffff:192.0.2.9' },
      true,
    ],
    ['other ip', from({ ipBlocks: ['10.0.0.0/8', '2001:db8::/32'] }), {}, false],
    ['remote ip', from({ remoteIpBlocks: ['198.51.100.7'] }), {}, true],
    ['not remote ip', from({ notRemoteIpBlocks: ['198.51.100.7'] }), {}, false],
    ['host without case', to({ hosts: ['A.MTLS.localhost'] }), {}, true],
    [
      'host with port',
      to({ hosts: ['a.mtls.localhost'] }),
      { authority: 'a.mtls.localhost:8443' },
      false,
    ],
    [
      'host prefix',
      to({ hosts: ['a.mtls.localhost:*'] }),
      { authority: 'a.mtls.localhost:8443' },
      true,
    ],
    ['method', to({ methods: ['GET'] }), { method: 'get' }, false],
    ['path', to({ paths: ['/private'] }), { path: '/private;a' }, false],
    ['path prefix', to({ paths: ['/private*'] }), { path: '/private;a' }, true],
    ['path template', to({ paths: ['/x', '/foo/{*}/bar'] }), { path: '/foo/1/bar' }, true],
    ['path and not path', to({ paths: ['/a*'], notPaths: ['/ab'] }), { path: '/ab' }, false],
    ['port', to({ ports: ['8443'] }), {}, true],
    ['port of the manifest', to({ ports: ['443'] }), {}, false],
    [
      'two operations',
      [{ to: [{ operation: { methods: ['PUT'] } }, { operation: { paths: ['/'] } }] }],
      {},
      true,
    ],
    [
      'both parts',
      [{ from: [{ source: { principals: ['*'] } }], to: [{ operation: { paths: ['/'] } }] }],
      {},
      false,
    ],
    ['sni without case', when('connection.sni', { values: ['A.mtls.localhost'] }), {}, true],
    ['no sni', when('connection.sni', { values: ['*'] }), { serverName: null }, false],
    [
      'path with query',
      when('request.headers[:path]', { values: ['/a?b'] }),
      { path: '/a', query: 'b' },
      true,
    ],
    ['host header', when('request.headers[host]', { values: ['a.mtls.localhost'] }), {}, true],
    ['source ip key', when('source.ip', { values: ['192.0.2.1'] }), {}, true],
    ['port key', when('destination.port', { notValues: ['8443'] }), {}, false],
  ])('%s', (_, rules, view, matches) => {
    expect(allows(rules, view)).toBe(matches)
  })

  const subject = 'connection.tls.peer.subject'
  test.each<[string, string, object, boolean]>([
    [
      'RFC 2253',
      subject,
      { values: ['CN=poster (P000000),L=tenant-1,OU=Canary,OU=Cloud Clients,O=Example SE,C=DE'] },
      true,
    ],
    [
      'with blanks',
      subject,
      {
        values: [
          'CN=poster (P000000), L=tenant-1, OU=Canary, OU=Cloud Clients, O=Example SE, C=DE',
        ],
      },
      true,
    ],
    [
      'openssl',
      subject,
      { values: ['/C=DE/O=Example SE/OU=Cloud Clients/OU=Canary/L=tenant-1/CN=poster (P000000)'] },
      true,
    ],
    [
      'other order',
      subject,
      { values: ['CN=poster (P000000),L=tenant-1,OU=Cloud Clients,OU=Canary,O=Example SE,C=DE'] },
      false,
    ],
    [
      'other case',
      subject,
      { values: ['CN=Poster (P000000),L=tenant-1,OU=Canary,OU=Cloud Clients,O=Example SE,C=DE'] },
      false,
    ],
    [
      'issuer',
      'connection.tls.peer.issuer',
      { values: ['CN=Example Client CA,OU=Cloud Clients,O=Example SE,L=EU10,C=DE'] },
      true,
    ],
    [
      'fingerprint',
      'connection.tls.peer.fingerprint256',
      { values: ['2A8BF31024BF2F0263541D111FB6F7E59D69966C59730AF56FAB0673F34F0B0C'] },
      true,
    ],
    ['uri', 'connection.tls.peer.uriSan', { values: ['spiffe://example/ns/a/*'] }, true],
    ['dns', 'connection.tls.peer.dnsSan', { values: ['POSTER.example'] }, true],
  ])('peer by %s', (_, key, lists, matches) => {
    expect(allows(when(key, lists), { peer: workedPeer() })).toBe(matches)
    expect(allows(when(key, lists), {})).toBe(false)
  })
})

/** How often a decision looks at the request: what grows if rules are tried one by one. */
function looks(set: PolicySet, parts: View): { allowed: boolean; count: number } {
  let count = 0
  const view = requestView(parts)
  const counted = new Proxy(view, {
    get(target, name) {
      count += 1
      return Reflect.get(target, name)
    },
  }) as RequestView
  return { allowed: set.decide(counted).allowed, count }
}

describe('ten thousand subjects cost as little as one', () => {
  const dn = (n: number) => `CN=client-${n},OU=Clients,O=Example,C=DE`
  const rule = (values: string[]) => ({
    to: [{ operation: { hosts: ['a.mtls.localhost'] } }],
    when: [
      { key: cn, values },
      { key: 'request.headers[X-Client-Ssl-Issuer]', values: ['CN=CA,O=Example,C=DE'] },
    ],
  })
  const request = (n: number): View => ({
    headers: { 'x-client-ssl-cn': dn(n), 'x-client-ssl-issuer': 'CN=CA,O=Example,C=DE' },
  })
  const numbers = Array.from({ length: 10_000 }, (_, n) => n)
  const sets = {
    policies: policySet(numbers.map((n) => policy(`p${n}`, { rules: [rule([dn(n)])] }))),
    values: policySet([policy('p', { rules: [rule(numbers.map(dn))] })]),
    denials: policySet(
      numbers.map((n) => policy(`p${n}`, { action: 'DENY', rules: [rule([dn(n)])] })),
    ),
  }

  test.each(['policies', 'values', 'denials'] as const)('as %s', (name) => {
    const set = sets[name]
    for (const n of [0, 5000, 9999]) {
      const { allowed, count } = looks(set, request(n))
      expect(allowed).toBe(name !== 'denials')
      expect(count).toBeLessThan(12)
    }
    const unknown = looks(set, request(10_000))
    expect(unknown.allowed).toBe(name === 'denials')
    expect(unknown.count).toBeLessThan(12)
  })
})

describe('trace', () => {
  const rules = [
    {
      to: [{ operation: { hosts: ['a.mtls.localhost'] } }],
      when: [
        { key: cn, values: ['CN=other,O=B', 'CN=orders,OU=Partners,O=Example,C=DE'] },
        { key: 'request.headers[X-Client-Ssl-Issuer]', values: ['CN=CA'] },
      ],
    },
  ]
  const orders = 'CN=orders,OU=Clients,O=Example,C=DE'

  test('one clause that missed is named, with the nearest value and the differing RDN', () => {
    const view = requestView({
      headers: { 'x-client-ssl-cn': orders, 'x-client-ssl-issuer': 'CN=CA' },
    })
    expect(policySet([policy('orders', { rules })]).trace(view)).toEqual([
      {
        name: 'ns/orders',
        action: 'ALLOW',
        point: 'workload',
        rule: 0,
        matched: false,
        nearMiss: {
          clause: 'when[0]',
          key: cn,
          wanted: 'CN=orders,OU=Partners,O=Example,C=DE',
          got: orders,
          difference: 'RDN 2: OU=Partners / OU=Clients',
        },
      },
    ])
  })

  test('two clauses that missed are no near miss', () => {
    const view = requestView({ headers: { 'x-client-ssl-cn': orders } })
    expect(policySet([policy('p', { rules })]).trace(view)[0]?.nearMiss).toBeNull()
  })

  test('a missing header is told as missing, a repeated one as repeated', () => {
    const set = policySet([policy('p', { rules: when(cn, { values: ['CN=a'] }) })])
    expect(set.trace(requestView())[0]?.nearMiss).toMatchObject({ wanted: 'CN=a', got: null })
    expect(set.trace(requestView(header('CN=a', 'CN=b')))[0]?.nearMiss?.difference).toMatch(
      /repeated/,
    )
  })

  test('a peer’s name is shown as text, not as its key', () => {
    const set = policySet([
      policy('p', { rules: when('connection.tls.peer.subject', { values: ['CN=a,C=DE'] }) }),
    ])
    const peer = workedPeer()
    expect(set.trace(requestView({ peer }))[0]?.nearMiss?.got).toBe(peer.subject)
  })

  test('a large set is cut to fifty entries, matches first', () => {
    const many = Array.from({ length: 200 }, (_, n) =>
      policy(`p${n}`, { rules: when(cn, { values: [`CN=${n}`] }) }),
    )
    const trace = policySet(many).trace(requestView(header('CN=150')))
    expect(trace).toHaveLength(50)
    expect(trace[0]).toMatchObject({ name: 'ns/p150', matched: true })
  })
})
