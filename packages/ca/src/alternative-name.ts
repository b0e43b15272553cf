import { isIP } from 'node:net'
import type { orderableSanTypes } from './profile.ts'

/** A subject alternative name (RFC 5280 section 4.2.1.6) as ordered. */
export interface AlternativeName {
  readonly type: (typeof orderableSanTypes)[number]
  readonly value: string
}

/** More names than any listener of ours has; every handshake sends them all. */
export const alternativeNamesMax = 100

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
const hostName = new RegExp(`^${label}(\\.${label})*$`)
/** A wildcard stands for the whole leftmost label, and not directly below a top-level name (RFC 9525 section 6.3). */
const wildcardName = new RegExp(`^\\*(\\.${label}){2,}$`)
/** RFC 3986 section 3.1 with a scheme and something behind it; only visible ASCII, as IA5String holds. */
const uri = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i
const email = /^[\x21-\x3f\x41-\x7e]+@[a-z0-9.-]+$/i

const uriLengthMax = 2048
const emailLengthMax = 255
const hostLengthMax = 253

/** What is wrong with an ordered name, or `null`. Host names are lower case, because they are compared as bytes. */
export function alternativeNameFault({ type, value }: AlternativeName): string | null {
  switch (type) {
    case 'dns':
      if (value.length > hostLengthMax) return `has more than ${hostLengthMax} characters`
      if (isIP(value) !== 0) return 'is an IP address: use type ip'
      if (value.startsWith('*')) {
        return wildcardName.test(value)
          ? null
          : 'is not a wildcard of the form *.name.domain, with at least two labels after the star'
      }
      return hostName.test(value) ? null : 'is not a lower-case DNS name'
    case 'ip':
      // `isIP` accepts a zone (RFC 4007), which is a name of this machine and in no certificate.
      return isIP(value) === 0 || value.includes('%') ? 'is not an IP address' : null
    case 'uri':
      if (value.length > uriLengthMax) return `has more than ${uriLengthMax} characters`
      return uri.test(value) ? null : 'is not an absolute URI in ASCII'
    case 'email':
      if (value.length > emailLengthMax) return `has more than ${emailLengthMax} characters`
      return email.test(value) ? null : 'is not an e-mail address'
  }
}
