import { describe, expect, test } from 'vitest'
import { parseManifests } from '../manifest.ts'

function problemsOf(spec: object): string[] {
  const document = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'v', namespace: 'ns' },
    spec: { hosts: ['a.example'], gateways: ['g'], ...spec },
  }
  const { problems } = parseManifests([{ name: 'f', text: JSON.stringify(document) }])
  return problems.map(({ path, message }) => `${path}: ${message}`)
}

const route = [{ destination: { host: 'httpbin' } }]
const rule = (fields: object) => problemsOf({ http: [{ route, ...fields }] })
const only = (fields: object) => problemsOf({ http: [fields] })
const request = (fields: object) => rule({ headers: { request: fields } })

test.each([
  [
    'the seed',
    { timeout: '300s', headers: { request: { set: { A: '%DOWNSTREAM_PEER_SUBJECT%' } } } },
  ],
  ['durations', { timeout: '1m30s' }],
  ['retries', { retries: { attempts: 3, retryOn: 'connect-failure' } }],
  [
    'matches',
    {
      match: [
        { uri: { regex: '/a(b|c)+' }, headers: { a: {} }, withoutHeaders: { b: { regex: '*' } } },
      ],
    },
  ],
  ['Host', { headers: { request: { set: { ':authority': 'b.example' } } } }],
])('%s are read', (_, fields) => {
  expect(rule(fields)).toEqual([])
})

describe('known and not built: refused by name', () => {
  test.each([
    'corsPolicy',
    'fault',
    'mirror',
    'mirrors',
    'mirrorPercentage',
    'delegate',
    'websocketUpgrade',
  ])('http.%s', (field) => {
    expect(rule({ [field]: {} })).toEqual([expect.stringContaining(`${field} is`)])
  })

  test.each<[string, object, RegExp]>([
    ['tls', { tls: [{}], http: [{ route }] }, /^spec\.tls: tls is not built yet/],
    ['tcp', { tcp: [{}], http: [{ route }] }, /^spec\.tcp: tcp is not built yet/],
  ])('%s routes', (_, spec, message) => {
    expect(problemsOf(spec)).toEqual([expect.stringMatching(message)])
  })

  test.each<[object, RegExp]>([
    [{ match: [{ sourceLabels: { a: 'b' } }] }, /sourceLabels is not built yet/],
    [{ match: [{ sourceSubnet: 'x' }] }, /sourceSubnet/],
    [{ match: [{ headers: { '@request.auth.claims[a]': { exact: 'b' } } }] }, /name|JWT/],
    [{ rewrite: { uriRegexRewrite: {} } }, /uriRegexRewrite is not built yet/],
    [{ retries: { attempts: 1, perTryTimeout: '1s' } }, /perTryTimeout is not built yet/],
    [{ retries: { attempts: 1, retryOn: '5xx' } }, /retryOn "5xx" is not built yet/],
    [{ retries: { attempts: 0, retryOn: 'connect-failure' } }, /retryOn without attempts/],
    [{ route: [{ destination: { host: 'a', subset: 'v1' } }] }, /subset needs a DestinationRule/],
    [{ timeout: '0s' }, /at least 1ms/],
    [{ timeout: '0.5ms' }, /at least 1ms/],
    [{ timeout: '5 minutes' }, /not a duration/],
    [{ timeout: '1d' }, /not a duration/],
    [{ match: [] }, /empty list/],
    [{ match: [{ uri: {} }] }, /exactly one of exact, prefix, regex/],
    [{ match: [{ uri: { exact: '/a', prefix: '/a' } }] }, /exactly one of/],
    [{ match: [{ uri: { regex: '(?=a)' } }] }, /not an RE2 expression/],
    [{ match: [{ uri: { regex: '(a)\\1' } }] }, /not an RE2 expression/],
    [{ match: [{ uri: { regex: 'a)|(?:b' } }] }, /not an RE2 expression/],
    [{ match: [{ headers: { a: { regex: '*' } } }] }, /not an RE2 expression/],
    [{ rewrite: { uri: '/a?b' } }, /without query/],
    [
      { route: [{ destination: { host: 'a' }, weight: 0 }, { destination: { host: 'b' } }] },
      /weight = 0/,
    ],
    [{ redirect: { uri: '/x' } }, /exactly one of route, redirect, directResponse \(found 2\)/],
    [{ timout: '1s' }, /did you mean "timeout"/],
  ])('%j', (fields, message) => {
    expect(rule(fields)).toEqual([expect.stringMatching(message)])
  })
})

test.each<[object, RegExp]>([
  [{}, /found 0/],
  [{ redirect: {} }, /empty redirect/],
  [{ redirect: { uri: '/', redirectCode: 304 } }, /301 302 303 307 308/],
  [{ redirect: { port: 1, derivePort: 'FROM_REQUEST_PORT' } }, /port and derivePort/],
  [{ redirect: { uri: '/a' }, rewrite: { uri: '/b' } }, /rewrite: without route/],
  [{ directResponse: { status: 600 } }, /200 to 599/],
  [{ directResponse: { status: 200, body: { bytes: 'QQ==' } } }, /bytes is not built yet/],
])('an action %j is refused', (fields, message) => {
  expect(only(fields)).toEqual([expect.stringMatching(message)])
})

describe('header operations (gateway.md section 6.3)', () => {
  test.each<[object, RegExp]>([
    [{ set: { ':path': '/x' } }, /":path" is not a header name that can be changed/],
    [{ set: { 'a b': 'x' } }, /not a header name/],
    [{ set: { 'Transfer-Encoding': 'chunked' } }, /not a header name that can be changed/],
    [{ add: { 'content-length': '5' } }, /not a header name that can be changed/],
    [{ remove: ['Host'] }, /cannot be removed/],
    [{ set: { Host: 'a' }, add: { host: 'b' } }, /both in set and in add/],
    [{ set: { Host: '%REQ(x)%' } }, /operators in Host are not built yet/],
    [{ set: { A: '%NOPE%' } }, /unknown or unsupported operator %NOPE%/],
    [{ set: { A: 'a\r\nB: c' } }, /control characters/],
    [{ set: { A: 5 } }, /expected string, got number/],
  ])('%j is refused', (fields, message) => {
    expect(request(fields)).toEqual([expect.stringMatching(message)])
  })

  test('Host in a response, and beside rewrite.authority, is refused', () => {
    expect(rule({ headers: { response: { set: { Host: 'x' } } } })).toEqual([
      expect.stringMatching(/no header of a response/),
    ])
    expect(
      rule({ headers: { request: { set: { Host: 'x' } } }, rewrite: { authority: 'y' } }),
    ).toEqual([expect.stringMatching(/also set by headers\.request\.set/)])
  })
})

test.each<[object, RegExp]>([
  [{ hosts: ['*.example', 'a.example'] }, /overlaps hosts\[0\]/],
  [{ hosts: ['a.example', 'A.example'] }, /overlaps hosts\[0\]/],
  [{ hosts: [] }, /empty list/],
  [{ hosts: ['a.example:80'] }, /no port/],
  [{ http: [] }, /empty list/],
  [{ http: undefined }, /missing/],
])('a VirtualService with %j is refused', (spec, message) => {
  expect(problemsOf({ http: [{ route }], ...spec })).toEqual([expect.stringMatching(message)])
})
