import type { HeaderLines } from '@twinlatch/wire'
import { canonicalHeaderName } from '../../canonical-header.ts'

/** What the gateway itself says in headers of the forwarded request. */
interface GatewayHeaders {
  readonly requestId: string
  readonly remoteAddress: string
  readonly xfcc: string | null
  /** Names that a route of the virtual host fills from the peer; in their canonical form. */
  readonly peerFilled: ReadonlySet<string>
}

/**
 * The request's headers as everything behind this point sees them: the client's copies of
 * protected, peer-filled and `x-envoy-*` headers are gone in every spelling, ours are set
 * (gateway.md sections 6.3 and 9.1). `Host` is not among them; it travels apart.
 */
export function prepareHeaders(client: HeaderLines, own: GatewayHeaders): HeaderLines {
  const prepared: (readonly [string, string])[] = client.filter(([name, value]) =>
    isForwarded(name, value, own.peerFilled),
  )
  const inboundFor = valuesOf(client, 'x-forwarded-for')
  prepared.push(
    ['x-forwarded-for', [...inboundFor, own.remoteAddress].join(',')],
    ['x-forwarded-proto', 'https'],
    ['x-request-id', own.requestId],
    ['x-envoy-external-address', own.remoteAddress],
  )
  if (own.xfcc !== null) prepared.push(['x-forwarded-client-cert', own.xfcc])
  return prepared
}

/** All values of a header by lower-case name, in order; other spellings of the name do not count. */
export function valuesOf(headers: HeaderLines, name: string): string[] {
  const values: string[] = []
  for (const line of headers) {
    if (line[0].length === name.length && line[0].toLowerCase() === name) values.push(line[1])
  }
  return values
}

/** Whether a client may never set this header (gateway.md section 9.1); canonical name. */
function isProtected(canonicalName: string): boolean {
  if (protectedNames.has(canonicalName)) return true
  const first = canonicalName[0]
  return (
    (first === 'x' || first === 's') &&
    protectedPrefixes.some((prefix) => canonicalName.startsWith(prefix))
  )
}

const protectedPrefixes = [
  'x-client-ssl-',
  'ssl-client-',
  'x-ssl-client-',
  'x-client-cert',
  'x-envoy-',
]

/** The last five are ours, and set again below; `host` travels apart from the lines. */
const protectedNames = new Set([
  'client-cert',
  'client-cert-chain',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-request-id',
  'host',
])

function isForwarded(name: string, value: string, peerFilled: ReadonlySet<string>): boolean {
  const canonical = canonicalHeaderName(name)
  if (isProtected(canonical) || peerFilled.has(canonical)) return false
  // A twin of a forwarding or framing header is a second opinion for workloads that read CGI
  // variables.
  if (canonical !== name.toLowerCase() && isTwinRemoved(canonical)) return false
  return canonical !== 'referer' || isCleanReferer(value)
}

function isTwinRemoved(canonicalName: string): boolean {
  return canonicalName.startsWith('x-forwarded-') || framingNames.has(canonicalName)
}

const framingNames = new Set(['content-length', 'transfer-encoding', 'connection', 'upgrade'])

// Gateway.md section 9.1: no invalid URL, no fragment, no user info (RFC 9110 section 10.1.3).
function isCleanReferer(value: string): boolean {
  const url = URL.parse(value)
  if (!url) return value.startsWith('/') && !value.includes('#')
  return url.hash === '' && url.username === '' && url.password === ''
}
