import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseManifests } from './manifest.ts'

const parse = (text: string) => parseManifests([{ name: 'f.yaml', text }])

test('metadata that an API server adds is accepted, status and managedFields are left out', () => {
  const { documents, problems, warnings } = parse(`
apiVersion: v1
kind: Namespace
metadata:
  name: quovadis
  labels: { istio-injection: enabled }
  annotations: { a.b/c: d }
  creationTimestamp: null
  uid: 8e1affb2
  resourceVersion: "17"
  generation: 3
  ownerReferences: [{ kind: X }]
  finalizers: [a]
  managedFields: [{ manager: kubectl }]
spec: { finalizers: [kubernetes] }
status: { phase: Active }
`)
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
  expect(documents[0]).toMatchObject({
    apiVersion: 'v1',
    kind: 'Namespace',
    namespace: '',
    name: 'quovadis',
  })
  expect(Object.keys(documents[0]?.body ?? {})).not.toContain('status')
  expect(documents[0]?.body['metadata']).not.toHaveProperty('managedFields')
})

test('a document without namespace lies in default, and its body says so', () => {
  const [document] = parse('{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}').documents
  expect(document?.namespace).toBe('default')
  expect(document?.body['metadata']).toEqual({ name: 'a', namespace: 'default' })
})

test('stringData of a Secret is moved to data and wins', () => {
  const [document] = parse(`
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: istio-system }
data: { a: QQ==, b: Qg== }
stringData: { a: plain }
`).documents
  expect(document?.body['data']).toEqual({ a: 'cGxhaW4=', b: 'Qg==' })
  expect(document?.body).not.toHaveProperty('stringData')
})

test('all problems of all documents are told at once, each with its place', () => {
  const { documents, problems } = parse(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: g }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ["*.a.example"]
      tls: { mode: MUTUEL, credentialname: a }
    - port: { number: 99999, protocol: HTTPS }
      hosts: []
---
apiVersion: v1
kind: Service
metadata: { name: Bad_Name, lables: {} }
spec: { ports: [{ port: http }] }
`)
  expect(documents).toEqual([])
  expect(problems.map(({ document, path }) => [document, path]).toSorted()).toEqual(
    [
      [0, 'spec.servers[0].tls.credentialname'],
      [0, 'spec.servers[0].tls.mode'],
      [0, 'spec.servers[1].port.number'],
      [0, 'spec.servers[1].port.name'],
      [0, 'spec.servers[1].hosts'],
      [1, 'metadata.lables'],
      [1, 'metadata.name'],
      [1, 'spec.ports[0].port'],
    ].toSorted(),
  )
})

describe('kinds (gateway.md section 16)', () => {
  const of = (apiVersion: string, kind: string) =>
    parse(JSON.stringify({ apiVersion, kind, metadata: { name: 'a' } }))

  test.each([
    ['security.istio.io/v1', 'RequestAuthentication'],
    ['security.istio.io/v1', 'PeerAuthentication'],
    ['security.istio.io/v9', 'Anything'],
    ['networking.istio.io/v1alpha3', 'EnvoyFilter'],
    ['networking.istio.io/v1', 'Sidecar'],
    ['networking.istio.io/v1', 'ServiceEntry'],
    ['networking.istio.io/v1', 'DestinationRule'],
    ['extensions.istio.io/v1alpha1', 'WasmPlugin'],
    ['telemetry.istio.io/v1', 'Telemetry'],
    ['gateway.kyma-project.io/v2', 'APIRule'],
    ['serverless.kyma-project.io/v1alpha2', 'Function'],
    ['gateway.networking.k8s.io/v1', 'Gateway'],
    ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
    ['v1', 'List'],
  ])('%s %s is refused by name', (apiVersion, kind) => {
    const { documents, problems, warnings } = of(apiVersion, kind)
    expect({ documents, warnings }).toEqual({ documents: [], warnings: [] })
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(kind)])
  })

  test.each([
    ['cert.gardener.cloud/v1alpha1', 'Certificate', /left out/],
    ['batch/v1', 'CronJob', /left out/],
    ['v1', 'Servise', /did you mean "Service"/],
  ])('%s %s is one warning', (apiVersion, kind, message) => {
    const { problems, warnings } = of(apiVersion, kind)
    expect(problems).toEqual([])
    expect(warnings.map((warning) => warning.message)).toEqual([expect.stringMatching(message)])
  })

  test('another version of a kind we know is refused with the ones we know', () => {
    expect(of('networking.istio.io/v2', 'Gateway').problems[0]).toMatchObject({
      path: 'apiVersion',
      message: expect.stringContaining('networking.istio.io/v1beta1'),
    })
  })

  test('a document without kind, or with a kind that is no text, is refused', () => {
    expect(parse('apiVersion: v1').problems[0]).toMatchObject({ path: 'kind', message: 'missing' })
    expect(parse('{apiVersion: 1, kind: [x]}').problems[0]?.path).toBe('apiVersion')
  })
})

test('the same object twice is refused, whatever its version', () => {
  const service = '{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}'
  const { documents, problems } = parseManifests([
    { name: 'a.yaml', text: service },
    { name: 'b.yaml', text: service },
  ])
  expect(documents).toHaveLength(1)
  expect(problems[0]).toMatchObject({ file: 'b.yaml', message: expect.stringContaining('a.yaml') })
})

test('no value of a Secret is ever part of a message', () => {
  const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ'
  const { problems } = parse(`
apiVersion: v1
kind: Secret
metadata: { name: s, namespace: ${secret}_ }
type: [${secret}]
data: { a: ${secret}, b: [${secret}], "c d": ${secret} }
extra: ${secret}
`)
  expect(problems.length).toBeGreaterThanOrEqual(5)
  expect(JSON.stringify(problems)).not.toContain(secret)
})

const kinds = [
  ['networking.istio.io/v1', 'Gateway'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['security.istio.io/v1', 'AuthorizationPolicy'],
  ['v1', 'Service'],
  ['v1', 'Secret'],
  ['apps/v1', 'Deployment'],
] as const

test('a spec of any shape is read or refused, never thrown over', () => {
  const names = [
    ...['servers', 'port', 'hosts', 'tls', 'http', 'match', 'route', 'rules', 'when', 'from', 'to'],
    ...[
      'key',
      'values',
      'source',
      'operation',
      'headers',
      'request',
      'set',
      'selector',
      'template',
    ],
    ...[
      'targetRefs',
      'destination',
      'rewrite',
      'retries',
      'ports',
      'containers',
      'metadata',
      'spec',
    ],
  ]
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<unknown>(null, true, 0, 443, -1, '', 'a', '*', '%', '*.a.example', '1s'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
    ),
  }))
  fc.assert(
    fc.property(fc.constantFrom(...kinds), value, ([apiVersion, kind], spec) => {
      const text = JSON.stringify({ apiVersion, kind, metadata: { name: 'a' }, spec, data: spec })
      const { documents, problems } = parse(text)
      expect(documents.length + problems.length).toBeGreaterThan(0)
    }),
    { numRuns: 1000 },
  )
})
