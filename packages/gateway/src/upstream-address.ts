import { BlockList, isIP } from 'node:net'
import { GatewayError } from './errors.ts'

/** Annotation of a Service that says where it really is (architecture.md, "Upstream of a Service"). */
export const upstreamAnnotation = 'twinlatch.dev/upstream'

/** Names of cloud metadata services, which hand out credentials to whoever asks. */
const metadataNames = new Set(['metadata', 'metadata.google.internal', 'instance-data'])

function forbiddenAddresses(): BlockList {
  const list = new BlockList()
  list.addSubnet('169.254.0.0', 16, 'ipv4')
  list.addSubnet('fe80::', 10, 'ipv6')
  list.addAddress('fd00:ec2::254', 'ipv6')
  list.addAddress('100.100.100.200', 'ipv4')
  list.addSubnet('0.0.0.0', 8, 'ipv4')
  list.addSubnet('224.0.0.0', 4, 'ipv4')
  list.addSubnet('ff00::', 8, 'ipv6')
  return list
}

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
  const version = isIP(host)
  if (version === 0) return false
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host)
  if (mapped) {
    const bytes = Buffer.from(`${mapped[1]?.padStart(4, '0')}${mapped[2]?.padStart(4, '0')}`, 'hex')
    return isForbidden([...bytes].join('.'))
  }
  return host === '::' || forbiddenAddresses().check(host, version === 4 ? 'ipv4' : 'ipv6')
}
