import { messageOf } from '@twinlatch/kit'
import { certificateFormatOf } from '../names.ts'
import type { AuthenticationKind, Properties } from './authentication-kind.ts'

const sources = ['DestinationService', 'ClientProvided']

/** Mutual TLS with a keystore of this service, or with one the client brings itself. */
export const clientCertificateAuthentication: AuthenticationKind = {
  authentication: 'ClientCertificateAuthentication',
  check(properties) {
    const problems: string[] = []
    // A client certificate is proven in a TLS handshake; over http nobody would ask for it.
    if (!/^https:/i.test(properties.get('URL') ?? '')) {
      problems.push('URL must begin with https: for ClientCertificateAuthentication')
    }
    const source = properties.get('KeyStore.Source')
    if (source !== undefined && !sources.includes(source)) {
      problems.push(`KeyStore.Source must be ${sources.join(' or ')}`)
    }
    return [...problems, ...checkLocation(properties)]
  },
  authTokens: () => undefined,
  keystore: (properties) =>
    isClientProvided(properties) ? undefined : properties.get('KeyStoreLocation'),
}

function isClientProvided(properties: Properties): boolean {
  return properties.get('KeyStore.Source') === 'ClientProvided'
}

function checkLocation(properties: Properties): string[] {
  const location = properties.get('KeyStoreLocation')
  if (!location) {
    return isClientProvided(properties)
      ? []
      : ['KeyStoreLocation is missing; it names the keystore to present']
  }
  try {
    return certificateFormatOf(location) === 'certificate'
      ? ['KeyStoreLocation must name a keystore with a private key: .p12, .pfx or .pem']
      : []
  } catch (error) {
    return [`KeyStoreLocation: ${messageOf(error)}`]
  }
}
