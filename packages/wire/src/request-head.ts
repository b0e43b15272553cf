import type { EdgeFault, HeaderLines, RequestHead } from './exchange.ts'
import { listElements, withoutHopByHop } from './hop-by-hop.ts'
import { type WireLimits, wireLimits } from './limits.ts'
import { parseAuthority } from './request-authority.ts'

/** A request head as it came, before any of it is believed. */
export interface RawRequestHead {
  readonly method: string
  readonly target: string
  /** `major.minor`. */
  readonly version: string
  readonly headers: HeaderLines
}

/** What is wrong with a request and what its client is told (gateway.md sections 9.4 and 15). */
export interface RequestFault {
  readonly status: EdgeFault<unknown>['status']
  readonly body: string
  /** For the operator; names fields, never quotes their values. */
  readonly detail: string
}

/** A head that may go on, or why not. */
export type RequestHeadResult =
  | {
      readonly ok: true
      readonly head: RequestHead
      readonly expectsContinue: boolean
      /** It asked for another protocol, in vain; its answer must be the last one of the connection. */
      readonly asksForUpgrade: boolean
    }
  | { readonly ok: false; readonly fault: RequestFault }

/** Envoy's list (gateway.md section 9.4); HTTP/1.1 methods are case-sensitive. */
const methods: ReadonlySet<string> = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE ' +
    'M-SEARCH NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE ' +
    'SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
)

/** gateway.md section 9.1, and the two fields that frame and address the message itself. */
const neverNamedInConnection: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-client-cert',
  'client-cert',
  'client-cert-chain',
  'host',
  'content-length',
])
const neverNamedPrefixes = ['x-client-ssl-', 'ssl-client-', 'x-ssl-client-', 'x-client-cert']

const bodies: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [408, 'Request Timeout'],
  [413, 'Payload Too Large'],
  [426, 'Upgrade Required'],
  [431, 'Request Header Fields Too Large'],
  [501, 'Not Implemented'],
])

/** A fault with the body that its status has in gateway.md section 15 (403 and 404: none). */
export function requestFault(status: RequestFault['status'], detail: string): RequestFault {
  return { status, body: bodies.get(status) ?? '', detail }
}

/**
 * Checks a request head against every row of gateway.md section 9.4 that concerns a head, also those
 * that the parser below has refused already: it may be replaced. What comes out has one Host, a
 * target in origin form, and no hop-by-hop field.
 */
export function checkRequestHead(
  raw: RawRequestHead,
  limits: WireLimits = wireLimits,
): RequestHeadResult {
  const named = listElements(raw.headers, 'connection')
  const fault =
    checkVersion(raw) ??
    checkSize(raw, limits) ??
    checkMethod(raw) ??
    checkLines(raw.headers) ??
    checkFraming(raw.headers) ??
    checkHost(raw.headers, limits) ??
    checkConnection(named, limits) ??
    (named.includes('upgrade') ? checkUpgrade(raw.headers) : null)
  if (fault) return { ok: false, fault }
  const authority = valuesOf(raw.headers, 'host')[0] ?? ''
  const target = reduceTarget(raw, authority)
  if (typeof target !== 'string') return { ok: false, fault: target }
  const expectsContinue = listElements(raw.headers, 'expect').includes('100-continue')
  const headers = withoutHopByHop(raw.headers).filter(
    ([name]) => !(expectsContinue && name.toLowerCase() === 'expect'),
  )
  const asksForUpgrade = raw.headers.some(([name]) => name.toLowerCase() === 'upgrade')
  const head = { method: raw.method, target, authority, headers }
  return { ok: true, expectsContinue, asksForUpgrade, head }
}

function checkVersion({ version }: RawRequestHead): RequestFault | null {
  return version === '1.1' ? null : requestFault(426, `HTTP/${version} in the request line`)
}

/** Request line and line ends count too; runs of white space around values were lost before. */
function checkSize(
  { method, target, headers }: RawRequestHead,
  limits: WireLimits,
): RequestFault | null {
  if (headers.length > limits.headerLinesMax) {
    return requestFault(
      431,
      `${headers.length} header lines, the limit is ${limits.headerLinesMax}`,
    )
  }
  let bytes = method.length + target.length + ' HTTP/1.1\r\n \r\n'.length
  for (const [name, value] of headers) bytes += name.length + value.length + ': \r\n'.length
  return bytes > limits.headerSectionBytesMax
    ? requestFault(
        431,
        `a header section of ${bytes} bytes, the limit is ${limits.headerSectionBytesMax}`,
      )
    : null
}

function checkMethod({ method, headers }: RawRequestHead): RequestFault | null {
  if (!methods.has(method)) return requestFault(400, 'unknown method')
  // The content of a QUERY means nothing without its type (gateway.md section 9.4).
  if (method === 'QUERY' && valuesOf(headers, 'content-type').length === 0) {
    return requestFault(400, 'QUERY without Content-Type')
  }
  return null
}

function checkLines(headers: HeaderLines): RequestFault | null {
  for (const [name, value] of headers) {
    if (!isToken(name)) return requestFault(400, 'a header name that is no token')
    if (!isFieldValue(value))
      return requestFault(400, `a control character in the value of ${name}`)
  }
  return null
}

function checkFraming(headers: HeaderLines): RequestFault | null {
  const lengths = valuesOf(headers, 'content-length')
  const encodings = valuesOf(headers, 'transfer-encoding')
  if (lengths.length > 0 && encodings.length > 0) {
    return requestFault(400, 'Content-Length and Transfer-Encoding')
  }
  if (lengths.length > 1) return requestFault(400, 'Content-Length twice')
  if (lengths[0] !== undefined && !isLength(lengths[0])) {
    return requestFault(400, 'a Content-Length that is no number of bytes')
  }
  if (encodings.length > 1 || (encodings[0] ?? 'chunked').toLowerCase() !== 'chunked') {
    return requestFault(501, 'a Transfer-Encoding other than exactly one "chunked"')
  }
  return null
}

function checkHost(headers: HeaderLines, limits: WireLimits): RequestFault | null {
  const hosts = valuesOf(headers, 'host')
  if (hosts.length > 1) return requestFault(400, `${hosts.length} Host lines`)
  const host = hosts[0] ?? ''
  if (host === '') {
    return { status: 400, body: '', detail: hosts.length === 0 ? 'no Host line' : 'an empty Host' }
  }
  if (host.length > limits.authorityBytesMax || parseAuthority(host) === null) {
    return requestFault(400, 'a Host that is no host name with an optional port')
  }
  return null
}

function checkConnection(names: readonly string[], limits: WireLimits): RequestFault | null {
  if (names.length > limits.connectionNamesMax) {
    return requestFault(
      400,
      `${names.length} names in Connection, the limit is ${limits.connectionNamesMax}`,
    )
  }
  for (const name of names) {
    if (!isToken(name)) return requestFault(400, 'a name in Connection that is no token')
    const plain = name.replaceAll('_', '-')
    if (
      neverNamedInConnection.has(plain) ||
      neverNamedPrefixes.some((prefix) => plain.startsWith(prefix))
    ) {
      return requestFault(400, `Connection names ${name}`)
    }
  }
  return null
}

function checkUpgrade(headers: HeaderLines): RequestFault | null {
  const protocols = listElements(headers, 'upgrade')
  if (protocols.includes('websocket')) {
    return requestFault(501, 'a websocket, which is not built yet')
  }
  return protocols.every((protocol) => protocol === 'h2c')
    ? null
    : requestFault(403, 'Upgrade to a protocol other than websocket')
}

/** Origin form of the target (RFC 9112 section 3.2), or what is wrong with it. */
function reduceTarget(
  { method, target }: RawRequestHead,
  authority: string,
): string | RequestFault {
  // RFC 3986 knows no others; the rest of the syntax is path normalisation (gateway.md section 9.3).
  if (!/^[\x21-\x7e]+$/.test(target))
    return requestFault(400, 'a forbidden character in the target')
  if (method === 'CONNECT') {
    return target.startsWith('/')
      ? requestFault(400, 'CONNECT with a path')
      : requestFault(404, 'CONNECT, for which there is no route')
  }
  if (target.startsWith('/')) return target
  if (target === '*') {
    return method === 'OPTIONS'
      ? requestFault(404, 'OPTIONS *, for which there is no route')
      : requestFault(400, `${method} with the target *`)
  }
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (!absolute) return requestFault(400, 'a target that is neither a path nor an http(s) URL')
  const [, place = '', rest = ''] = absolute
  const named = place.slice(place.lastIndexOf('@') + 1)
  if (named.toLowerCase() !== authority.toLowerCase()) {
    return requestFault(400, 'an absolute target for another authority than Host')
  }
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : requestFault(404, 'an absolute target without a path')
}

/** Whether the framing announces content: a positive Content-Length or a chunked body. */
export function announcesBody(headers: HeaderLines): boolean {
  return headers.some(([name, value]) => {
    const lower = name.toLowerCase()
    return lower === 'transfer-encoding' || (lower === 'content-length' && /[1-9]/.test(value))
  })
}

function valuesOf(headers: HeaderLines, name: string): string[] {
  return headers.filter(([line]) => line.toLowerCase() === name).map(([, value]) => value)
}

/** RFC 9110 section 5.6.2. */
function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

/** RFC 9110 section 5.5: visible characters, space, tab and bytes above 0x7f. */
function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
}

/** Digits only, leading zeros allowed; below 2^64 as every parser reads it. */
function isLength(text: string): boolean {
  return /^[0-9]{1,20}$/.test(text) && BigInt(text) < 2n ** 64n
}
