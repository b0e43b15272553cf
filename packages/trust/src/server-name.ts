import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Certificate } from '@twinlatch/pki'

/**
 * Whether a server certificate is one for `host` (RFC 9525): a DNS name or an address among its
 * alternative names, never the common name. A wildcard is the whole first label and stands for exactly
 * one label. Host names are compared in their ASCII form, without regard to case.
 */
export function isServerNamed(certificate: Certificate, host: string): boolean {
  const names = certificate.subjectAltNames
  const address = addressOf(host)
  if (address !== null) {
    return names.some(({ type, value }) => type === 'ip' && addressOf(value) === address)
  }
  // An internationalised name stands in a certificate in its ASCII form (RFC 9525 section 6.3).
  const wanted = labelsOf(domainToASCII(host) || host)
  return names.some(({ type, value }) => type === 'dns' && matches(labelsOf(value), wanted))
}

function matches(presented: readonly string[], wanted: readonly string[]): boolean {
  if (presented.length !== wanted.length) return false
  const [first, ...rest] = presented
  // A wildcard for a whole top-level domain is nobody's certificate (RFC 9525 section 6.3).
  const wildcard = first === '*' && rest.length > 1
  return presented.every((label, index) => (index === 0 && wildcard) || label === wanted[index])
}

function labelsOf(host: string): string[] {
  return host.toLowerCase().replace(/\.$/, '').split('.')
}

/** One spelling for each address; `null` for a name. */
function addressOf(text: string): string | null {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  // A zone (RFC 4007) is a matter of this machine, never of a certificate.
  const version = bare.includes('%') ? 0 : isIP(bare)
  if (version === 0) return null
  return version === 4 ? bare : new URL(`https://[${bare}]`).hostname
}
