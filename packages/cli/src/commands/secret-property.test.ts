import { isSecretProperty } from '@twinlatch/destinations'
import { expect, test } from 'vitest'
import { holdsSecret } from './secret-property.ts'

test.each([
  'Password',
  'KeyStorePassword',
  'TrustStorePassword',
  'clientSecret',
  'URL.headers.Authorization',
  'URL.headers.X-Api-Key',
  'URL.headers.apikey',
  'URL.queries.access_token',
  'tokenServiceURL.headers.Cookie',
  'tokenService.body.client_assertion',
])('%s holds a secret, for the service and for us', (name) => {
  expect([isSecretProperty(name), holdsSecret(name)]).toEqual([true, true])
})

test.each([
  'Name',
  'User',
  'URL',
  'KeyStoreLocation',
  'HTML5.ForwardAuthToken',
  'URL.headers.Accept',
  'tokenServiceURL',
])('%s holds none', (name) => {
  expect([isSecretProperty(name), holdsSecret(name)]).toEqual([false, false])
})
