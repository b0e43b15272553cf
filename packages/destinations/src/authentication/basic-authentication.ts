import type { AuthenticationKind } from './authentication-kind.ts'

/**
 * User and password (RFC 7617). Served both as properties, which the SAP Cloud SDK reads, and as a
 * ready header, which the application router reads (section 12.16).
 */
export const basicAuthentication: AuthenticationKind = {
  authentication: 'BasicAuthentication',
  check(properties) {
    const problems = ['User', 'Password']
      .filter((name) => !properties.get(name))
      .map((name) => `${name} is missing; BasicAuthentication needs User and Password`)
    // RFC 7617 section 2: everything after the first colon would become the password.
    if (properties.get('User')?.includes(':')) problems.push('User must not contain ":"')
    return problems
  },
  authTokens(properties) {
    const credentials = `${properties.get('User') ?? ''}:${properties.get('Password') ?? ''}`
    const value = Buffer.from(credentials, 'utf8').toString('base64')
    return [
      { type: 'Basic', value, http_header: { key: 'Authorization', value: `Basic ${value}` } },
    ]
  },
  keystore: () => undefined,
}
