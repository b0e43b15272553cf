/**
 * Host patterns of Gateways and VirtualServices: exact, `*.suffix` or `*` (gateway.md sections 2.1
 * and 5.2). All functions expect lower case.
 */

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const hostLengthMax = 255

/** Why `host` is no exact name or wildcard of a Gateway, or `null` if it is one. */
export function hostFault(host: string, options: { shortName: boolean }): string | null {
  if (host === '*') return null
  if (host.length > hostLengthMax) return `a host of more than ${hostLengthMax} characters`
  if (host.includes(':')) return 'a host has no port and is no IPv6 address here'
  const name = host.startsWith('*.') ? host.slice(2) : host
  if (name.includes('*'))
    return '"*" may only stand for whole leading labels, as in "*.example.com"'
  const labels = name.toLowerCase().split('.')
  if (!labels.every((label) => dnsLabel.test(label))) return 'not a DNS name'
  const short = labels.length === 1 && !host.startsWith('*.')
  if (short && !options.shortName) return 'a short name; hosts of a gateway are fully qualified'
  return null
}

/** Whether `pattern` covers everything that `host` (name or pattern) covers. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true
  // `*.a` covers one or more labels, never `a` itself (unlike RFC 6125 section 6.4.3).
  return (
    pattern.startsWith('*.') && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1))
  )
}

/** The more specific of two patterns if they overlap, else `null` (gateway.md section 5.3, 2). */
export function intersection(a: string, b: string): string | null {
  if (covers(a, b)) return b
  return covers(b, a) ? a : null
}

/** `host` without the text after the last `:`, in lower case (gateway.md section 5.3). */
export function hostWithoutPort(authority: string): string {
  const colon = authority.lastIndexOf(':')
  // The last colon of a bracketed IPv6 address is inside it.
  const cut = colon === -1 || authority.endsWith(']') ? authority : authority.slice(0, colon)
  return cut.toLowerCase()
}
