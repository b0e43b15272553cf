/** Headers, queries and body fields that commonly carry credentials. */
const credentialProperty =
  /^(?:URL|tokenServiceURL|tokenService)\.(?:headers|queries|body)\..*(?:authorization|cookie|token|assertion|api-?key)/i

/**
 * Whether a property of a destination holds a secret: never taken from the command line, folded
 * wherever it is shown. Rather too many names than one too few; at least those that the destination
 * service leaves out on `$skipCredentials`, which is not loaded here because every start would pay.
 */
export function holdsSecret(name: string): boolean {
  return /password|secret/i.test(name) || credentialProperty.test(name)
}
