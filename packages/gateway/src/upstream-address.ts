import { isIP } from 'node:net'
import { GatewayError } from './errors.ts'
import { isForbiddenAddress, isPrivateAddress } from './forbidden-address.ts'

/** Annotation of a Service that says where it really is (architecture.md, "Upstream of a Service"). */
export const upstreamAnnotation = 'twinlatch.dev/upstream'

/** Names of cloud metadata services, which hand out credentials to whoever asks. */
const metadataNames = new Set(['metadata', 'metadata.google.internal', 'instance-data'])

/**
 * Protocol, host and port of an upstream URL. Link-local, metadata and multicast addresses are
 * refused, in every spelling that a URL parser reduces to them; names are not resolved here.
 */
export function parseUpstreamAddress(text: string): {
  protocol: 'http' | 'https'
  host: string
  port: number
} {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GatewayError(
      'gateway/upstream-address',
      `"${text.slice(0, 200)}" is not http://host:port`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new GatewayError('gateway/upstream-address', 'an upstream address holds no credentials')
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new GatewayError(
      'gateway/upstream-address',
      'an upstream address has no path: use rewrite.uri',
    )
  }
  const protocol = url.protocol === 'http:' ? 'http' : 'https'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isForbidden(host)) {
    throw new GatewayError(
      'gateway/upstream-address',
      `${host} is refused: link-local, metadata and multicast addresses are no upstream`,
    )
  }
  const port = url.port === '' ? (protocol === 'http' ? 80 : 443) : Number(url.port)
  return { protocol, host, port }
}

function isForbidden(host: string): boolean {
  if (metadataNames.has(host.replace(/\.$/, ''))) return true
  return isIP(host) !== 0 && isForbiddenAddress(host)
}

/**
 * Whether the host of an upstream is, without asking anybody, of this machine or of a private
 * network. Other names are judged when they are resolved.
 */
export function isPrivateHost(host: string): boolean {
  if (isIP(host) !== 0) return isPrivateAddress(host)
  const name = host.toLowerCase().replace(/\.$/, '')
  // RFC 6761 section 6.3.
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Why a private upstream is refused, and who can change that. */
export function privateUpstreamFault(host: string): string {
  return (
    `${host} is refused: it is an address of this machine or of a private network, and this ` +
    'installation has gateway.upstreams.privateAddresses off'
  )
}
