import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { exitCodes } from './cli-error.ts'
import { findServer } from './connection.ts'

let home: TemporaryDirectory

beforeEach(async () => {
  home = await createTemporaryDirectory()
  vi.stubEnv('TWINLATCH_SERVER', undefined)
  vi.stubEnv('TWINLATCH_CA_FILE', undefined)
  vi.stubEnv('TWINLATCH_TOKEN_FILE', undefined)
  writeFileSync(join(home.path, 'ca.pem'), 'ca')
  writeFileSync(join(home.path, 'admin-token'), 'token\n')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await home.remove()
})

test('a named server is called over https with the token of the home', () => {
  const server = 'https://localhost:8443'
  expect(findServer({ home: home.path, server })).toEqual({ url: server, ca: 'ca', token: 'token' })
})

test.each(['http://localhost:8443', 'HTTP://localhost', 'localhost:8443', 'nonsense', 'ftp://x'])(
  'the admin token is not sent to %s, which is no https URL',
  (server) => {
    expect(() => findServer({ home: home.path, server })).toThrow(
      expect.objectContaining({
        exitCode: exitCodes.usage,
        message: expect.stringContaining(server),
      }),
    )
  },
)
