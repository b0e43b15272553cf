import { type HeaderLines, isNamed } from '@twinlatch/wire'
import { canonicalHeaderName } from '../../canonical-header.ts'
import { NameSieve } from './name-sieve.ts'

/** What the client sent, as far as anything behind this point may see it. */
export interface ClientHeaders {
  /** In order and spelling; the array is the caller's to extend. */
  readonly lines: (readonly [name: string, value: string])[]
  /** `x-forwarded-for` of the client, all its lines as one; `null` without any. */
  readonly forwardedFor: string | null
  /** Lines of `x-forwarded-client-cert`, which only some modes read. */
  readonly xfcc: readonly string[]
}

/** Names that a client may not set besides the protected ones; in their canonical form. */
export interface FilledNames {
  readonly names: ReadonlySet<string>
  readonly sieve: NameSieve
}

/**
 * The client's headers without its copies of protected, peer-filled and `x-envoy-*` headers, in
 * every spelling (gateway.md sections 6.3 and 9.1). `Host` is not among them; it travels apart.
 */
export function readClientHeaders(client: HeaderLines, peerFilled: FilledNames): ClientHeaders {
  const lines: (readonly [string, string])[] = []
  let forwardedFor: string | null = null
  let xfcc: string[] | null = null
  for (const line of client) {
    const [name, value] = line
    if (!mayBeHeldBack(name) && !peerFilled.sieve.mayHold(name)) lines.push(line)
    else if (isForwarded(name, value, peerFilled.names)) lines.push(line)
    else if (isNamed(name, 'x-forwarded-for')) {
      forwardedFor = forwardedFor === null ? value : `${forwardedFor},${value}`
    } else if (isNamed(name, 'x-forwarded-client-cert')) {
      if (xfcc === null) xfcc = [value]
      else xfcc.push(value)
    }
  }
  return { lines, forwardedFor, xfcc: xfcc ?? none }
}

const none: readonly string[] = []

/** The names of a virtual host that its routes fill from the peer. */
export function filledNames(names: ReadonlySet<string>): FilledNames {
  return { names, sieve: new NameSieve(names) }
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

/** The last five are ours, and set again; `host` travels apart from the lines. */
const protectedNames = new Set([
  'client-cert',
  'client-cert-chain',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-request-id',
  'host',
])

/**
 * Whether `isForwarded` has anything to say of a name besides peer-filled ones: by the first letter
 * and the lengths of the names below and above.
 */
function mayBeHeldBack(name: string): boolean {
  switch (name.charCodeAt(0) | 0x20) {
    // x-client-…, x-ssl-client-…, x-envoy-…, x-forwarded-…, x-request-id
    case 0x78:
      return beginningsAfterX.includes(name.slice(2, 4).toLowerCase())
    // ssl-client-…
    case 0x73:
      return (name.charCodeAt(1) | 0x20) === 0x73
    // client-cert, client-cert-chain, connection, content-length
    case 0x63:
      return name.length === 11 || name.length === 17 || name.length === 10 || name.length === 14
    // host
    case 0x68:
      return name.length === 4
    // transfer-encoding
    case 0x74:
      return name.length === 17
    // upgrade, referer
    case 0x75:
    case 0x72:
      return name.length === 7
    default:
      return false
  }
}

const beginningsAfterX = ['cl', 'ss', 'en', 'fo', 're']

/** Whether a line of the client goes on; the whole rule, without any short cut. */
export function isForwarded(name: string, value: string, peerFilled: ReadonlySet<string>): boolean {
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
