import { expect, test } from 'vitest'
import type { JsonObject } from './json.ts'
import { shownDocument } from './shown-document.ts'

const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const key = '-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n'
const base64 = (text: string) => Buffer.from(text).toString('base64')
const secret = (more: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'Secret', ...more })

test.each(['cacert', 'ca.crt', 'tls.crt', 'cert'])('the certificates in %s are shown', (name) => {
  const data = { [name]: base64(certificate + certificate) }
  expect(shownDocument(secret({ data }))).toEqual(secret({ data }))
  const stringData = { [name]: certificate }
  expect(shownDocument(secret({ stringData }))).toEqual(secret({ stringData }))
})

test.each([
  ['a key', 'tls.key', key],
  ['a password', 'password', 'hunter2'],
  ['a certificate file that holds the key as well', 'tls.crt', certificate + key],
  ['something that is no PEM', 'tls.crt', 'hunter2'],
  ['a certificate under a name of no meaning', 'bundle', certificate],
  ['an encrypted key', 'cert', key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE')],
])('%s is not shown', (_name, name, text) => {
  expect(shownDocument(secret({ data: { [name]: base64(text) } }))).toEqual(
    secret({ data: { [name]: '[secret]' } }),
  )
  expect(shownDocument(secret({ stringData: { [name]: text } }))).toEqual(
    secret({ stringData: { [name]: '[secret]' } }),
  )
})

test.each([['hunter2'], [null], [['hunter2']], [7]])(
  'data that is no map (%j) is not shown',
  (data) => {
    expect(shownDocument(secret({ data }))).toEqual(secret({ data: '[secret]' }))
  },
)

test('the copy that kubectl keeps of a Secret is not shown, other annotations are', () => {
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"aHVudGVyMg=="}}',
    owner: 'team-a',
  }
  expect(shownDocument(secret({ metadata: { name: 's', annotations } }))).toEqual(
    secret({ metadata: { name: 's', annotations: { owner: 'team-a' } } }),
  )
})

test('other kinds are shown as they are', () => {
  const body = { kind: 'ConfigMap', data: { password: 'is not one' } }
  expect(shownDocument(body)).toEqual(body)
})
