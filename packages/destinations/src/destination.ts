import { z } from 'zod'
import type { Properties } from './authentication/authentication-kind.ts'
import { describeUnbuiltKind, findAuthenticationKind } from './authentication/kinds.ts'
import { DestinationsError } from './errors.ts'
import { destinationLimits } from './limits.ts'
import { certificateFormatOf, isItemName } from './names.ts'

/** A usable destination: whoever holds one need not check it again. */
export interface Destination {
  readonly name: string
  readonly properties: Properties
}

/** A value as it is sent; numbers and booleans become texts, as they are always emitted. */
const propertyValue = z.union([
  z.string().max(destinationLimits.propertyValueCharactersMax),
  z.number(),
  z.boolean(),
])

const propertyName = z.string().min(1).max(destinationLimits.propertyNameCharactersMax)

/** Body of a call that stores a destination: a flat object; what its properties mean is checked after. */
export const destinationBody = z.record(propertyName, propertyValue)

/** Properties we give a meaning to. Another spelling of one of these is a mistake, not a new name. */
const knownNames = [
  'Name',
  'Type',
  'URL',
  'Authentication',
  'ProxyType',
  'User',
  'Password',
  'KeyStoreLocation',
  'KeyStorePassword',
  'KeyStore.Source',
  'TrustStoreLocation',
  'TrustStorePassword',
] as const
const knownByLowerCase = new Map(knownNames.map((name) => [name.toLowerCase(), name]))

const otherTypes = new Set(['RFC', 'MAIL', 'LDAP', 'TCP'])
const otherProxyTypes = new Set(['OnPremise', 'PrivateLink'])

/**
 * The destination in `json`, a flat object of texts (numbers and booleans become texts, as they are
 * always emitted). What is not built is refused by name; all faults are told at once.
 */
export function parseDestination(json: unknown): Destination {
  const properties = readProperties(json)
  const unsupported = checkSupported(properties)
  if (unsupported.length > 0) {
    throw new DestinationsError('destinations/unsupported', unsupported.join('; '))
  }
  const problems = [...checkCommon(properties), ...checkKind(properties)]
  if (problems.length > 0) {
    throw new DestinationsError('destinations/invalid-destination', problems.join('; '))
  }
  return { name: properties.get('Name') ?? '', properties }
}

/** `Authentication` of a destination; absent means `NoAuthentication` (section 12.7). */
export function authenticationOf(properties: Properties): string {
  return properties.get('Authentication') ?? 'NoAuthentication'
}

/** `ProxyType` of a destination; absent means `Internet` (section 12.7). */
export function proxyTypeOf(properties: Properties): string {
  return properties.get('ProxyType') ?? 'Internet'
}

/** The stored form of a destination; `decodeDestination` is its inverse. */
export function encodeDestination({ properties }: Destination): string {
  return JSON.stringify([...properties])
}

/** The destination that `encodeDestination` wrote. */
export function decodeDestination(name: string, text: string): Destination {
  return { name, properties: new Map(JSON.parse(text) as [string, string][]) }
}

function readProperties(json: unknown): Properties {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new DestinationsError(
      'destinations/invalid-destination',
      'a destination is a flat JSON object',
    )
  }
  const entries = Object.entries(json)
  const problems: string[] = []
  if (entries.length > destinationLimits.propertiesMax) {
    problems.push(`a destination has at most ${destinationLimits.propertiesMax} properties`)
  }
  const properties = new Map<string, string>()
  for (const [name, value] of entries) {
    const problem = checkProperty(name, value)
    if (problem) problems.push(problem)
    else properties.set(name, String(value))
  }
  if (problems.length > 0) {
    throw new DestinationsError(
      'destinations/invalid-destination',
      problems.slice(0, 20).join('; '),
    )
  }
  return properties
}

// Values are never repeated in a message, since each of them may be a secret.
function checkProperty(name: string, value: unknown): string | undefined {
  if (!propertyName.safeParse(name).success) {
    return `names of properties have 1 to ${destinationLimits.propertyNameCharactersMax} characters`
  }
  if (/\p{Cc}/u.test(name)) return 'a name of a property has control characters'
  const known = knownByLowerCase.get(name.toLowerCase())
  if (known !== undefined && known !== name) return `property ${name} is spelled ${known}`
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    return `property ${name} must be a text`
  }
  if (!propertyValue.safeParse(value).success) {
    return typeof value === 'string'
      ? `property ${name} has more than ${destinationLimits.propertyValueCharactersMax} characters`
      : `property ${name} must be a text`
  }
  const text = String(value)
  // Line breaks occur in PEM and JSON values only; elsewhere they would split a client's header.
  const isHeader = /^(tokenServiceURL|URL)\.(headers|queries)\./.test(name)
  if ((known !== undefined || isHeader) && /\p{Cc}/u.test(text)) {
    return `property ${name} has control characters`
  }
  return undefined
}

function checkSupported(properties: Properties): string[] {
  const problems: string[] = []
  const type = properties.get('Type') ?? 'HTTP'
  if (type !== 'HTTP') {
    problems.push(
      otherTypes.has(type) ? `Type ${type} is not built yet; built: HTTP` : 'Type must be HTTP',
    )
  }
  const proxyType = proxyTypeOf(properties)
  if (proxyType !== 'Internet') {
    problems.push(
      otherProxyTypes.has(proxyType)
        ? `ProxyType ${proxyType} is not built yet; built: Internet`
        : 'ProxyType must be Internet',
    )
  }
  const authentication = authenticationOf(properties)
  if (!findAuthenticationKind(authentication)) problems.push(describeUnbuiltKind(authentication))
  return problems
}

function checkCommon(properties: Properties): string[] {
  const problems: string[] = []
  if (!isItemName(properties.get('Name') ?? '')) {
    problems.push('Name must be 1 to 200 letters, digits, ".", "_", "~" or "-"')
  }
  if (!properties.has('Type')) problems.push('Type is missing; it must be HTTP')
  problems.push(...checkUrl(properties.get('URL')))
  // The application router refuses a destination that has only one of them (section 12.7).
  if (Boolean(properties.get('User')) !== Boolean(properties.get('Password'))) {
    problems.push('User and Password are given together or not at all')
  }
  const trustStore = properties.get('TrustStoreLocation')
  if (trustStore !== undefined) {
    try {
      certificateFormatOf(trustStore)
    } catch (error) {
      if (!(error instanceof DestinationsError)) throw error
      problems.push(`TrustStoreLocation: ${error.message}`)
    }
  }
  return problems
}

function checkUrl(text: string | undefined): string[] {
  if (!text) return ['URL is missing']
  const url = URL.parse(text)
  if (!url || !/^https?:\/\/[^/]/i.test(text) || /\s/.test(text)) {
    return ['URL must be absolute and begin with http:// or https://']
  }
  // Credentials in a URL end up in logs; there is a kind of authentication for them.
  if (url.username !== '' || url.password !== '') {
    return ['URL must not hold a user or password; use BasicAuthentication']
  }
  return []
}

function checkKind(properties: Properties): string[] {
  const kind = findAuthenticationKind(authenticationOf(properties))
  return kind ? kind.check(properties) : []
}
