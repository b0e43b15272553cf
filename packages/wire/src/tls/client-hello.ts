import { wireLimits } from '../limits.ts'
import type { ClientHello, HandshakeFault } from '../tls-facts.ts'

/** What the first bytes of a connection are; `needBytes` says how many to wait for before the next try. */
export type ClientHelloResult =
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'incomplete'; readonly needBytes: number }
  | { readonly kind: 'fault'; readonly fault: HandshakeFault }

const recordTypeHandshake = 22
const messageTypeClientHello = 1
const extensionServerName = 0
const extensionAlpn = 16
/** RFC 8446 section 5.1: no record of plain text is longer. */
const recordBytesMax = 16_384

/**
 * Reads the ClientHello at the start of a connection (RFC 8446 section 4.1.2; 1.2 clients send the
 * same layout), also when it is spread over several TLS records. Answers `incomplete` as long as
 * more bytes could make a hello of it, and nothing that is only almost valid is taken: every length
 * must fit exactly. Looks at SNI and ALPN only; the TLS stack judges the rest.
 *
 * Pure and linear in `bytes`, which the caller bounds (16 KiB, gateway.md section 4.3).
 */
export function parseClientHello(
  bytes: Uint8Array,
  bytesMax: number = wireLimits.clientHelloBytesMax,
): ClientHelloResult {
  try {
    const message = joinRecords(bytes, bytesMax)
    return 'kind' in message ? message : { kind: 'hello', hello: parseMessage(message.body) }
  } catch (error) {
    if (error instanceof Malformed) return fault('hello-malformed', error.message)
    throw error
  }
}

class Malformed extends Error {}

/** The ClientHello message without its header, put together from the records that carry it. */
function joinRecords(
  bytes: Uint8Array,
  bytesMax: number,
): { body: Uint8Array } | ClientHelloResult {
  const parts: Uint8Array[] = []
  const header: number[] = []
  let collected = 0
  let at = 0
  let missing = 0
  for (;;) {
    const rest = bytes.subarray(at)
    if (rest.length > 0 && rest[0] !== recordTypeHandshake) {
      if (at === 0) return fault('not-tls', describeOpening(bytes))
      throw new Malformed('another record type inside the ClientHello')
    }
    if (rest.length > 1 && rest[1] !== 3) throw new Malformed(`record version ${rest[1]}.x`)
    if (rest.length < 5) return incomplete(at + 5 + missing, bytesMax)
    const length = uint16(rest, 3)
    if (length === 0) throw new Malformed('empty handshake record')
    if (length > recordBytesMax) throw new Malformed(`record of ${length} bytes`)
    const fragment = rest.subarray(5, 5 + length)
    parts.push(fragment)
    collected += fragment.length
    if (header.length < 4) header.push(...fragment.subarray(0, 4 - header.length))
    const wanted = wantedBytes(header)
    if (wanted !== null && wanted > bytesMax) return tooLarge(wanted, bytesMax)
    // Asking for all that is missing keeps a hello in thousands of records from being read as often.
    missing = wanted === null ? 0 : wanted - collected - (length - fragment.length)
    if (fragment.length < length) {
      return incomplete(at + 5 + length + (missing > 0 ? 5 + missing : 0), bytesMax)
    }
    if (wanted !== null && collected > wanted) {
      throw new Malformed('bytes after the ClientHello in its record')
    }
    if (collected === wanted) return { body: concat(parts, collected).subarray(4) }
    at += 5 + length
  }
}

/** Length of the whole message, header included, or `null` while its header is not there yet. */
function wantedBytes(header: readonly number[]): number | null {
  const [type, high = 0, middle = 0, low = 0] = header
  if (type === undefined) return null
  if (type !== messageTypeClientHello) {
    throw new Malformed(`handshake message ${type} instead of a ClientHello`)
  }
  return header.length < 4 ? null : 4 + ((high << 16) | (middle << 8) | low)
}

function parseMessage(body: Uint8Array): ClientHello {
  const reader = new Reader(body)
  if (reader.uint16('version') >> 8 !== 3) throw new Malformed('legacy_version is not 3.x')
  reader.take(32, 'random')
  if (reader.vector(1, 'session id').length > 32) throw new Malformed('session id above 32 bytes')
  const suites = reader.vector(2, 'cipher suites')
  if (suites.length < 2 || suites.length % 2 !== 0) throw new Malformed('cipher suite list')
  if (reader.vector(1, 'compression methods').length < 1)
    throw new Malformed('no compression method')
  let serverName: string | null = null
  let alpn: string[] = []
  const seen = new Set<number>()
  // A TLS 1.2 hello may end here (RFC 5246 section 7.4.1.2).
  const extensions = new Reader(reader.atEnd ? new Uint8Array(0) : reader.vector(2, 'extensions'))
  reader.assertEnd('ClientHello')
  while (!extensions.atEnd) {
    const type = extensions.uint16('extension type')
    const value = extensions.vector(2, 'extension')
    if (seen.has(type)) throw new Malformed(`extension ${type} twice`)
    seen.add(type)
    if (type === extensionServerName) serverName = parseServerName(value)
    if (type === extensionAlpn) alpn = parseAlpn(value)
  }
  return { serverName, alpn }
}

/** RFC 6066 section 3: a list with exactly one name of type host_name, in ASCII. */
function parseServerName(value: Uint8Array): string {
  const outer = new Reader(value)
  const list = new Reader(outer.vector(2, 'server name list'))
  outer.assertEnd('server name extension')
  if (list.take(1, 'name type')[0] !== 0) throw new Malformed('server name of an unknown type')
  const name = list.vector(2, 'server name')
  list.assertEnd('server name list')
  if (name.length === 0 || name.length > 255) throw new Malformed('server name length')
  for (const byte of name) {
    if (!isNameByte(byte)) throw new Malformed('server name with a byte that no host name has')
  }
  return Buffer.from(name).toString('latin1').toLowerCase()
}

/** Letters, digits, `-`, `.` and `_` (service names have it): nothing that could upset a log or a map. */
function isNameByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f
  )
}

/** RFC 7301 section 3.1. Names are bytes; latin1 keeps them apart without loss. */
function parseAlpn(value: Uint8Array): string[] {
  const outer = new Reader(value)
  const list = new Reader(outer.vector(2, 'protocol name list'))
  outer.assertEnd('ALPN extension')
  const names: string[] = []
  while (!list.atEnd) {
    const name = list.vector(1, 'protocol name')
    if (name.length === 0) throw new Malformed('empty protocol name')
    names.push(Buffer.from(name).toString('latin1'))
  }
  if (names.length === 0) throw new Malformed('empty protocol name list')
  return names
}

/** Takes fields off a byte string; running past the end is a malformed message, never a short field. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number, what: string): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new Malformed(`${what} runs past its end`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  uint16(what: string): number {
    return uint16(this.take(2, what), 0)
  }

  vector(lengthBytes: 1 | 2, what: string): Uint8Array {
    const length =
      lengthBytes === 1 ? (this.take(1, `${what} length`)[0] ?? 0) : this.uint16(`${what} length`)
    return this.take(length, what)
  }

  assertEnd(what: string): void {
    if (!this.atEnd) throw new Malformed(`bytes left over in ${what}`)
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, length)
}

function incomplete(needBytes: number, bytesMax: number): ClientHelloResult {
  return needBytes > bytesMax ? tooLarge(needBytes, bytesMax) : { kind: 'incomplete', needBytes }
}

function tooLarge(bytes: number, bytesMax: number): ClientHelloResult {
  return fault('hello-too-large', `the ClientHello needs ${bytes} bytes, the limit is ${bytesMax}`)
}

function fault(kind: HandshakeFault['kind'], detail: string): ClientHelloResult {
  return { kind: 'fault', fault: { kind, detail } }
}

/** Names what was sent instead of TLS without quoting it: a request line may hold a secret. */
function describeOpening(bytes: Uint8Array): string {
  const opening = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const method = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI) /.exec(opening)?.[1]
  if (method !== undefined) return `plain HTTP (${method}) on a TLS port`
  if (opening.startsWith('SSH-')) return 'an SSH greeting on a TLS port'
  if (opening.startsWith('PROXY ') || opening.startsWith('\r\n\r\n\0\r\n')) {
    return 'a PROXY protocol header, which this listener does not take'
  }
  return `first byte 0x${(bytes[0] ?? 0).toString(16).padStart(2, '0')} instead of a TLS record`
}
