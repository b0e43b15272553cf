import { expect, test } from 'vitest'
import { combineAuthentication } from './authenticate.ts'

const caller = (by: string) => async () => ({ reason: 'invalid' as const, description: by })
const authenticate = combineAuthentication(caller('admin'), caller('token'))

/** Who was asked to judge these credentials. */
async function askedFor(authorization: string | null): Promise<string> {
  const answer = await authenticate(new Headers(authorization === null ? {} : { authorization }))
  return 'reason' in answer && answer.reason === 'missing'
    ? 'nobody'
    : String((answer as { description: string }).description)
}

test.each([
  ['nobody without credentials', null, 'nobody'],
  ['the admin token for an opaque bearer', 'Bearer abc', 'admin'],
  ['access tokens for three parts', 'Bearer a.b.c', 'token'],
  ['the admin token for two parts', 'Bearer a.b', 'admin'],
  ['the admin token for another scheme, which it refuses', 'Basic YTpi', 'admin'],
  ['the admin token for what is no bearer', 'Bearer', 'admin'],
])('asks %s', async (_what, authorization, asked) => {
  expect(await askedFor(authorization)).toBe(asked)
})
