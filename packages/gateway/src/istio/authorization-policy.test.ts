import { describe, expect, test } from 'vitest'
import { parseManifests } from '../manifest.ts'

function problemsOf(spec: unknown, annotations: Record<string, string> = {}): string[] {
  const document = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'ns', annotations },
    spec,
  }
  const { problems } = parseManifests([{ name: 'f', text: JSON.stringify(document) }])
  return problems.map(({ path, message }) => `${path}: ${message}`)
}

const rule = (fields: object) => problemsOf({ rules: [fields] })
const when = (key: string, values: unknown[] = ['a']) => rule({ when: [{ key, values }] })

test.each([
  ['nothing', {}],
  ['no spec', undefined],
  ['an empty rule', { rules: [{}] }],
  ['a selector', { selector: { matchLabels: { app: 'a' } }, rules: [{}] }],
  ['a Service', { targetRefs: [{ group: '', kind: 'Service', name: 'a' }] }],
  ['a core Service', { targetRef: { group: 'core', kind: 'Service', name: 'a' } }],
  ['a Deployment', { targetRefs: [{ group: 'apps', kind: 'Deployment', name: 'a' }] }],
  [
    'Gateways',
    {
      targetRefs: [
        { group: 'networking.istio.io', kind: 'Gateway', name: 'a' },
        { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'a' },
      ],
    },
  ],
])('%s is read', (_, spec) => {
  expect(problemsOf(spec)).toEqual([])
})

describe('what would widen or never work is refused (gateway.md section 11.3)', () => {
  test.each<[unknown, RegExp]>([
    [{ action: 'CUSTOM', rules: [{}] }, /CUSTOM \(external authorizers\) is not built yet/],
    [{ action: 'DENY' }, /would never trigger/],
    [{ action: 'deny', rules: [{}] }, /did you mean "DENY"/],
    [{ rules: [{ from: [] }] }, /from: an empty list/],
    [{ rules: [{ to: [] }] }, /to: an empty list/],
    [{ rules: [{ when: [] }] }, /when: an empty list/],
    [{ targetRefs: [] }, /targetRefs: an empty list/],
    [{ rules: [{ from: null }] }, /expected array, got null/],
    [{ rules: [{ from: [{}] }] }, /source: missing/],
    [{ rules: [{ from: [{ source: {} }] }] }, /empty source/],
    [{ rules: [{ to: [{ operation: {} }] }] }, /empty operation/],
    [{ rules: [{ to: [{ operation: { paths: [] } }] }] }, /paths: an empty list/],
    [{ rules: [{ to: [{ operation: { paths: [''] } }] }] }, /empty value/],
    [{ rules: [{ when: [{ key: 'request.headers[a]' }] }] }, /without values and notValues/],
    [{ rules: [{ when: [{ key: 'request.headers[a]', values: [] }] }] }, /values: an empty list/],
    [
      { selector: {}, targetRef: { kind: 'Service', name: 'a' } },
      /only one of selector, targetRef/,
    ],
    [{ targetRefs: Array(17).fill({ kind: 'Service', name: 'a' }) }, /more than 16/],
    [{ targetRefs: [{ kind: 'Service', name: 'a', namespace: 'b' }] }, /leave namespace out/],
    [{ targetRefs: [{ kind: 'Service' }] }, /name: missing/],
    [
      { targetRefs: [{ group: 'serverless.kyma-project.io', kind: 'Function', name: 'a' }] },
      /Function is not built yet/,
    ],
    [
      { targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'a' }] },
      /not supported as a target/,
    ],
    [
      { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'a' }] },
      /not supported as a target/,
    ],
    [{ ruels: [{}] }, /did you mean "rules"/],
  ])('%j', (spec, message) => {
    expect(problemsOf(spec)).toEqual([expect.stringMatching(message)])
  })

  test('a dry-run annotation that is no boolean', () => {
    expect(problemsOf({ rules: [{}] }, { 'istio.io/dry-run': 'yes' })).toEqual([
      'metadata.annotations["istio.io/dry-run"]: "yes" is no boolean',
    ])
    expect(problemsOf({ rules: [{}] }, { 'istio.io/dry-run': 'true' })).toEqual([])
  })
})

describe('fields and keys that need what is not built (gateway.md section 11.4)', () => {
  test.each(['requestPrincipals', 'notRequestPrincipals', 'serviceAccounts', 'trustDomains'])(
    'source.%s',
    (field) => {
      const problems = rule({ from: [{ source: { principals: ['a'], [field]: ['a'] } }] })
      expect(problems).toEqual([expect.stringContaining(`${field} `)])
    },
  )

  test.each<[string, RegExp]>([
    ['request.auth.claims[iss]', /needs a JWT/],
    ['request.auth.principal', /needs a JWT/],
    ['request.auth.audiences', /needs a JWT/],
    ['experimental.envoy.filters.x[y]', /experimental/],
    ['destination.labels[app]', /use spec\.selector/],
    ['destination.namespace', /use metadata\.namespace/],
    ['source.serviceAccount', /not built yet/],
    ['connection.sni2', /did you mean "connection\.sni"/],
    ['request.headers', /unknown key/],
    ['request.headers[a b]', /unknown key/],
  ])('when %s', (key, message) => {
    expect(when(key)).toEqual([expect.stringMatching(message)])
  })

  test.each<[string, unknown[], RegExp]>([
    ['source.ip', ['10.0.0.0/33'], /not an IP address/],
    ['remote.ip', ['a'], /not an IP address/],
    ['destination.port', ['65536'], /not a port number/],
    ['connection.tls.peer.subject', ['poster'], /name|attribute|=/i],
    ['connection.tls.peer.fingerprint256', ['ab'], /not a hex SHA-256/],
  ])('when %s %j', (key, values, message) => {
    expect(when(key, values)).toEqual([expect.stringMatching(message)])
  })

  test.each<[object, RegExp]>([
    [{ ports: ['http'] }, /not a port number/],
    [{ ports: ['65536'] }, /not a port number/],
    [{ paths: ['/a/{id}/{*}'] }, /path template/],
    [{ path: ['/a'] }, /did you mean "paths"/],
  ])('operation %j', (operation, message) => {
    expect(rule({ to: [{ operation }] })[0]).toMatch(message)
  })

  test.each([['10.0.0.0/8/8'], ['10.0.0'], ['fe80::1%eth0'], ['1.2.3.4/-1'], ['1.2.3.4/08']])(
    'ipBlocks %s',
    (block) => {
      expect(rule({ from: [{ source: { ipBlocks: [block] } }] })).toEqual([
        expect.stringMatching(/not an IP address/),
      ])
    },
  )
})
