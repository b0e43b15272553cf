import type { AuthenticationKind } from './authentication-kind.ts'
import { basicAuthentication } from './basic-authentication.ts'
import { clientCertificateAuthentication } from './client-certificate-authentication.ts'
import { noAuthentication } from './no-authentication.ts'

/** Every value of `Authentication` that is built. */
export const authenticationKinds: readonly AuthenticationKind[] = [
  noAuthentication,
  basicAuthentication,
  clientCertificateAuthentication,
]

/** Values of `Authentication` that SAP documents and that are not built yet (section 7). */
const notBuilt = new Set([
  'PrincipalPropagation',
  'OAuth2ClientCredentials',
  'OAuth2Password',
  'OAuth2UserTokenExchange',
  'OAuth2JWTBearer',
  'OAuth2SAMLBearerAssertion',
  'SAMLAssertion',
  'OAuth2RefreshToken',
  'OAuth2AuthorizationCode',
  'OAuth2TokenExchange',
  'OAuth2TechnicalUserPropagation',
])

/** The kind named `authentication`, or nothing if it is not built. */
export function findAuthenticationKind(authentication: string): AuthenticationKind | undefined {
  return authenticationKinds.find((kind) => kind.authentication === authentication)
}

/** Why `authentication` cannot be used, and what can. */
export function describeUnbuiltKind(authentication: string): string {
  const built = authenticationKinds.map((kind) => kind.authentication).join(', ')
  return notBuilt.has(authentication)
    ? `Authentication ${authentication} is not built yet; built: ${built}`
    : `Authentication must be one of ${built}`
}
