/** A `Host` value taken apart: the name in lower case, the port as a number. */
export interface Authority {
  readonly host: string
  readonly port: number | null
}

/** Labels of letters, digits, `-` and `_` (service names have it); a trailing dot is another name. */
const registeredName =
  /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i
const addressInBrackets = /^\[[0-9a-f:.]{2,45}\]$/i

/**
 * Takes `Host` (RFC 9110 section 7.2) apart, or answers `null` for everything that gateway.md
 * section 9.4 refuses: user info, escapes, empty labels, a wildcard, a port that is no number from
 * 1 to 65535. What passes cannot be read in two ways.
 */
export function parseAuthority(text: string): Authority | null {
  const bracket = text.lastIndexOf(']')
  const colon = text.indexOf(':', bracket + 1)
  const host = colon === -1 ? text : text.slice(0, colon)
  if (!registeredName.test(host) && !addressInBrackets.test(host)) return null
  if (colon === -1) return { host: host.toLowerCase(), port: null }
  const digits = text.slice(colon + 1)
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0
  return port >= 1 && port <= 65_535 ? { host: host.toLowerCase(), port } : null
}
