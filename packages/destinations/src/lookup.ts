import type { AuthToken, Properties } from './authentication/authentication-kind.ts'
import { findAuthenticationKind } from './authentication/kinds.ts'
import { type CertificateEntry, renderCertificate } from './certificate-entry.ts'
import { authenticationOf, type Destination, proxyTypeOf } from './destination.ts'
import { DestinationsError } from './errors.ts'
import type { Level } from './level.ts'
import { withoutSecrets } from './secret-properties.ts'

/** The options of Find (destination-service.md section 3.1). */
export interface LookupOptions {
  readonly skipTokenRetrieval: boolean
  readonly skipCredentials: boolean
}

/** The parts every answer of Find has. */
export interface LookupAnswer {
  readonly destinationConfiguration: Readonly<Record<string, unknown>>
  readonly certificates?: readonly Readonly<Record<string, string>>[]
  readonly authTokens?: readonly AuthToken[]
}

/** Request headers that change what Find means and that are not built yet (section 3.2). */
const headersNotBuilt = [
  'X-fragment-name',
  'X-fragment-optional',
  'X-chain-name',
  'X-client-assertion-destination-name',
]

/**
 * Refuses what Find cannot do, rather than answering something else. Headers of token flows that no
 * built kind has (`X-user-token`, `X-tenant`, …) change nothing: the tenant is that of the access
 * token.
 */
export function assertLookupHeaders(headers: Headers): void {
  if (headers.has('x-user-token') && headers.has('x-tenant')) {
    throw new DestinationsError(
      'destinations/malformed-request',
      'X-user-token and X-tenant exclude each other',
    )
  }
  for (const name of headersNotBuilt) {
    if (headers.has(name)) {
      throw new DestinationsError('destinations/unsupported', `header ${name} is not built yet`)
    }
  }
  for (const [name] of headers) {
    if (name.startsWith('x-chain-var-')) {
      throw new DestinationsError('destinations/unsupported', `header ${name} is not built yet`)
    }
  }
}

/**
 * Names of the certificates that belong to `destination` (section 3.4): its keystore if its kind
 * presents one, and its trust store. Also with `$skipTokenRetrieval`.
 */
export function certificateNamesOf({ properties }: Destination): readonly string[] {
  const names = [
    findAuthenticationKind(authenticationOf(properties))?.keystore(properties),
    properties.get('TrustStoreLocation'),
  ]
  return [...new Set(names.filter((name) => name !== undefined))]
}

/** The `owner` of an item of `level`; without it the SAP Cloud SDK sees no destination (section 12.1). */
export function ownerOf(level: Level): { SubaccountId: string; InstanceId: string | null } {
  return { SubaccountId: level.subaccountId, InstanceId: level.instanceId }
}

/**
 * The answer of Find without its owner. Every value is a text, `ProxyType` and `Authentication` are
 * always there, and `certificates` and `authTokens` are left out when there are none.
 */
export function composeLookup(
  destination: Destination,
  certificates: readonly CertificateEntry[],
  options: LookupOptions,
): LookupAnswer {
  const { properties } = destination
  const shown = options.skipCredentials ? withoutSecrets(properties) : properties
  const kind = findAuthenticationKind(authenticationOf(properties))
  const authTokens = options.skipTokenRetrieval ? undefined : kind?.authTokens(properties)
  return {
    destinationConfiguration: renderProperties(shown),
    ...(certificates.length > 0 ? { certificates: certificates.map(renderCertificate) } : {}),
    ...(authTokens ? { authTokens } : {}),
  }
}

/** The properties as a flat object, the ones that clients demand first and never missing. */
export function renderProperties(properties: Properties): Record<string, string> {
  const complete = new Map([
    ['Name', properties.get('Name') ?? ''],
    ['Type', properties.get('Type') ?? 'HTTP'],
    ['URL', properties.get('URL') ?? ''],
    ['Authentication', authenticationOf(properties)],
    ['ProxyType', proxyTypeOf(properties)],
    ...properties,
  ])
  return Object.fromEntries(complete)
}
