import { expect, test } from 'vitest'
import { authorizationPolicySchema } from '../istio/authorization-policy.ts'
import type { PlannedPolicy } from '../plan/types.ts'
import { requestView } from '../testdata/request-view.ts'
import { compilePolicySet } from './policy-set.ts'

function nearMiss(key: string, lists: object, view: Parameters<typeof requestView>[0]) {
  const parsed = authorizationPolicySchema.parse({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'ns' },
    spec: { rules: [{ when: [{ key, ...lists }] }] },
  })
  const policy: PlannedPolicy = {
    id: 'p',
    name: 'ns/p',
    namespace: 'ns',
    action: 'ALLOW',
    dryRun: false,
    rules: parsed.spec.rules ?? [],
  }
  const set = compilePolicySet({ policies: ['p'], error: null }, new Map([['p', policy]]), {
    point: 'workload',
    names: new WeakMap(),
  })
  return set.trace(requestView(view))[0]?.nearMiss
}

test.each([
  'authorization',
  'Proxy-Authorization',
  'Cookie',
  'X-API-Key',
  'apikey',
  'x-auth-token',
  'X-Session-Id',
  'x_client_secret',
])('a record shows neither the value of %s nor the one that was wanted', (name) => {
  const headers = { [name.toLowerCase()]: ['Bearer client-value'] }
  const lists = { values: ['Bearer wanted-value'], notValues: ['Bearer other-value'] }
  const miss = nearMiss(`request.headers[${name}]`, lists, { headers })
  expect(miss).toMatchObject({ wanted: '[secret]', got: '[secret]' })
  expect(JSON.stringify(miss)).not.toMatch(/(client|wanted|other)-value/)
})

test('a repeated or absent secret header is told without its values', () => {
  const key = 'request.headers[authorization]'
  const repeated = { headers: { authorization: ['Bearer one', 'Bearer two'] } }
  const miss = nearMiss(key, { values: ['Bearer good'] }, repeated)
  expect(JSON.stringify(miss)).not.toContain('Bearer')
  expect(miss?.difference).toContain('2 lines')
  expect(nearMiss(key, { values: ['Bearer good'] }, {})).toMatchObject({
    got: null,
    difference: 'there is no such value',
  })
})

test('a record shows a path without its query, which may hold a token', () => {
  const view = { path: '/a', query: 'access_token=client-value' }
  const miss = nearMiss('request.headers[:path]', { values: ['/b'] }, view)
  expect(miss).toMatchObject({ wanted: '/b', got: '/a?[query]' })
})

test('other headers are shown, long ones cut', () => {
  const key = 'request.headers[x-client-ssl-cn]'
  const of = (value: string) =>
    nearMiss(key, { values: ['CN=b'] }, { headers: { 'x-client-ssl-cn': value } })
  expect(of('CN=a')).toMatchObject({ wanted: 'CN=b', got: 'CN=a' })
  expect(of(`CN=${'a'.repeat(60_000)}`)?.got?.length).toBeLessThan(3_000)
})
