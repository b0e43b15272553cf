import type { RequestHead } from '../exchange.ts'
import { type HeaderLines, isNamed } from '../header-lines.ts'
import { type WireLimits, wireLimits } from '../limits.ts'
import { isToken } from './field-lines.ts'
import { elementsOf, withoutHopByHop } from './hop-by-hop.ts'
import { parseRequestHead, type RawRequestHead } from './request.ts'
import { parseAuthority } from './request-authority.ts'
import { type RequestFault, RequestRefusal, requestFault } from './request-fault.ts'

/** A head that may go on, or why not. */
export type RequestHeadResult =
  | {
      readonly ok: true
      readonly head: RequestHead
      /** Bytes of the body that follows, or that it comes in chunks. */
      readonly body: number | 'chunked'
      readonly expectsContinue: boolean
      /** The client announced that it sends no other request on this connection. */
      readonly isLast: boolean
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

/**
 * Checks a request head against every row of gateway.md section 9.4 that concerns a head whose lines
 * are well formed. What comes out has one Host, a target in origin form, and no hop-by-hop field.
 */
export function checkRequestHead(
  raw: RawRequestHead,
  limits: WireLimits = wireLimits,
): RequestHeadResult {
  const fields = collectFields(raw.headers)
  const fault =
    checkVersion(raw) ??
    checkCount(raw, limits) ??
    checkMethod(raw, fields) ??
    checkFraming(fields) ??
    checkHost(fields, limits) ??
    checkConnection(fields, limits)
  if (fault) return { ok: false, fault }
  const authority = fields.hosts[0] ?? ''
  const target = reduceTarget(raw, authority)
  if (typeof target !== 'string') return { ok: false, fault: target }
  const { expectsContinue } = fields
  const passed = fields.managed ? withoutHopByHop(raw.headers) : raw.headers
  const headers = expectsContinue ? passed.filter(([name]) => !isNamed(name, 'expect')) : passed
  return {
    ok: true,
    head: { method: raw.method, target, authority, headers, text: raw.text },
    body: fields.encodings.length > 0 ? 'chunked' : Number(fields.lengths[0] ?? 0),
    expectsContinue,
    isLast: fields.connection.includes('close'),
  }
}

/**
 * The head that was accepted with this `text`, whatever the limits then were. Throws a
 * `RequestRefusal` for a text of which none was made.
 */
export function readRequestHead(text: string): RequestHead {
  const result = checkRequestHead(parseRequestHead(text), unlimited)
  if (!result.ok) throw new RequestRefusal(result.fault)
  return result.head
}

const unlimited: WireLimits = {
  ...wireLimits,
  headerLinesMax: Number.POSITIVE_INFINITY,
  authorityBytesMax: Number.POSITIVE_INFINITY,
  connectionNamesMax: Number.POSITIVE_INFINITY,
}

/** The lines that the edge itself must understand, found in one pass. */
interface Fields {
  readonly hosts: string[]
  readonly lengths: string[]
  readonly encodings: string[]
  /** Elements in lower case. */
  readonly connection: string[]
  readonly upgrade: string[]
  expectsContinue: boolean
  hasContentType: boolean
  /** There is a line that belongs to this connection alone. */
  managed: boolean
}

function collectFields(headers: HeaderLines): Fields {
  const fields: Fields = {
    hosts: [],
    lengths: [],
    encodings: [],
    connection: [],
    upgrade: [],
    expectsContinue: false,
    hasContentType: false,
    managed: false,
  }
  for (const [name, value] of headers) {
    // By length first: nearly every line is none of these.
    if (isFieldLength(name.length)) collectField(fields, name.toLowerCase(), value)
  }
  return fields
}

function collectField(fields: Fields, name: string, value: string): void {
  switch (name) {
    case 'host':
      fields.hosts.push(value)
      break
    case 'content-length':
      fields.lengths.push(value)
      break
    case 'transfer-encoding':
      fields.encodings.push(value)
      fields.managed = true
      break
    case 'connection':
      addElements(fields.connection, value)
      fields.managed = true
      break
    case 'upgrade':
      addElements(fields.upgrade, value)
      fields.managed = true
      break
    case 'te':
    case 'keep-alive':
    case 'proxy-connection':
      fields.managed = true
      break
    case 'expect':
      fields.expectsContinue ||= elementsOf(value).includes('100-continue')
      break
    case 'content-type':
      fields.hasContentType = true
      break
  }
}

/** A bit for the length of every name that `collectField` knows. */
const fieldLengths = (
  'host content-length transfer-encoding connection upgrade te keep-alive proxy-connection expect ' +
  'content-type'
)
  .split(' ')
  .reduce((bits, name) => bits | (1 << name.length), 0)

function isFieldLength(length: number): boolean {
  return length < 32 && (fieldLengths & (1 << length)) !== 0
}

function addElements(list: string[], value: string): void {
  list.push(...elementsOf(value))
}

function checkVersion({ version }: RawRequestHead): RequestFault | null {
  return version === '1.1' ? null : requestFault(426, `HTTP/${version} in the request line`)
}

function checkCount({ headers }: RawRequestHead, limits: WireLimits): RequestFault | null {
  if (headers.length <= limits.headerLinesMax) return null
  return requestFault(431, `${headers.length} header lines, the limit is ${limits.headerLinesMax}`)
}

function checkMethod({ method }: RawRequestHead, fields: Fields): RequestFault | null {
  if (!methods.has(method)) return requestFault(400, 'unknown method')
  // The content of a QUERY means nothing without its type (gateway.md section 9.4).
  if (method === 'QUERY' && !fields.hasContentType) {
    return requestFault(400, 'QUERY without Content-Type')
  }
  return null
}

function checkFraming({ lengths, encodings }: Fields): RequestFault | null {
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

function checkHost({ hosts }: Fields, limits: WireLimits): RequestFault | null {
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

function checkConnection(fields: Fields, limits: WireLimits): RequestFault | null {
  const names = fields.connection
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
  return names.includes('upgrade') ? checkUpgrade(fields.upgrade) : null
}

function checkUpgrade(protocols: readonly string[]): RequestFault | null {
  if (protocols.includes('websocket')) {
    return requestFault(501, 'a websocket, which is not built yet')
  }
  return protocols.every((protocol) => protocol === 'h2c')
    ? null
    : requestFault(403, 'Upgrade to a protocol other than websocket')
}

/** RFC 3986 section 3.2.1. */
const userInfo = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9a-f]{2})*$/i

/** Origin form of the target (RFC 9112 section 3.2), or what is wrong with it. */
function reduceTarget(
  { method, target }: RawRequestHead,
  authority: string,
): string | RequestFault {
  // RFC 3986 knows no others; the rest of the syntax is path normalisation (gateway.md section 9.3).
  if (/[^\x21-\x7e]/.test(target)) return requestFault(400, 'a forbidden character in the target')
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
  const at = place.lastIndexOf('@')
  // A second @, say, lets two parsers see two authorities.
  if (!userInfo.test(place.slice(0, Math.max(0, at)))) {
    return requestFault(400, 'an absolute target whose user part is none')
  }
  const named = place.slice(at + 1)
  if (named.toLowerCase() !== authority.toLowerCase()) {
    return requestFault(400, 'an absolute target for another authority than Host')
  }
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : requestFault(404, 'an absolute target without a path')
}

/** Digits only, leading zeros allowed; no body is longer than JavaScript counts exactly. */
function isLength(text: string): boolean {
  return /^[0-9]{1,20}$/.test(text) && Number.isSafeInteger(Number(text))
}
