import type { Properties } from './authentication/authentication-kind.ts'

/** Parts of user-defined headers, queries and form fields that commonly carry credentials. */
const secretSegment = /(authorization|cookie|password|secret|token|assertion|api-?key)$/i

/**
 * Whether the property `name` holds a secret: passwords, secrets, and header, query and body values
 * that look like credentials. `HTML5.ForwardAuthToken` and the like are switches, not secrets.
 */
export function isSecretProperty(name: string): boolean {
  if (/(password|secret)$/i.test(name)) return true
  const segment = /^(?:URL|tokenServiceURL|tokenService)\.(?:headers|queries|body)\.(.+)$/i.exec(
    name,
  )
  return segment?.[1] !== undefined && secretSegment.test(segment[1])
}

/** `properties` without their secrets, for `$skipCredentials=true` (section 3.1). */
export function withoutSecrets(properties: Properties): Properties {
  return new Map([...properties].filter(([name]) => !isSecretProperty(name)))
}
