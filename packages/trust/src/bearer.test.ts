import { devSubaccountId } from '@twinlatch/kit'
import { expect, test } from 'vitest'
import { callerOrResponse, readBearer } from './bearer.ts'
import type { AuthenticationFailure, Caller } from './identity.ts'

const caller: Caller = {
  kind: 'client',
  name: 'sample',
  subaccountId: devSubaccountId,
  subaccountName: 'dev',
  instanceId: null,
}

test.each([
  ['Bearer abc.def-_~+/==', 'abc.def-_~+/=='],
  ['bearer  abc ', 'abc'],
  ['Basic abc', null],
  ['Bearer', null],
  ['Bearer a b', null],
  ['Bearer a,b', null],
  ['', null],
])('Authorization "%s" holds the token %s', (value, token) => {
  expect(readBearer(new Headers({ authorization: value }))).toBe(token)
})

test('nothing is read from a call without Authorization', () => {
  expect(readBearer(new Headers())).toBeNull()
})

test('a caller passes', async () => {
  const request = new Request('https://localhost/')
  expect(await callerOrResponse(async () => caller, request, 'problem')).toBe(caller)
})

const failure = (reason: AuthenticationFailure['reason']) => async () => ({
  reason,
  description: 'no token was sent',
})

test('our APIs answer a problem, with a bare challenge when nothing was sent', async () => {
  const request = new Request('https://localhost/')
  const response = await callerOrResponse(failure('missing'), request, 'problem')
  if (!(response instanceof Response)) throw new Error('let in')
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toBe('Bearer')
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ code: 'auth/missing', status: 401 })
})

test('SAP-compatible endpoints answer ErrorMessage', async () => {
  const request = new Request('https://localhost/')
  const response = await callerOrResponse(failure('expired'), request, 'sap')
  if (!(response instanceof Response)) throw new Error('let in')
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  expect(await response.json()).toEqual({ ErrorMessage: 'no token was sent' })
})
