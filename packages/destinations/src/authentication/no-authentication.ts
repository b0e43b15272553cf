import type { AuthenticationKind } from './authentication-kind.ts'

/** No credentials at all. */
export const noAuthentication: AuthenticationKind = {
  authentication: 'NoAuthentication',
  check: () => [],
  authTokens: () => undefined,
  keystore: () => undefined,
}
