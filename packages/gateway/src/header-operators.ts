import type { PeerIdentity } from '@twinlatch/trust'
import { type HeaderLines, isNamed } from '@twinlatch/wire'
import type { HeaderValues } from './compiled.ts'
import { GatewayError } from './errors.ts'
import { formatTime, parseTimeFormat } from './time-format.ts'

/** What an operator can see. */
export interface HeaderContext {
  readonly values: HeaderValues
  /** The request's lines as they are when a value is formatted; `null` for response headers. */
  readonly requestLines: HeaderLines | null
  readonly local: LocalIdentity
}

/** Our own side of the connection. */
export interface LocalIdentity {
  readonly subject: string | null
  readonly uriSans: readonly string[]
  readonly dnsSans: readonly string[]
  readonly hostname: string
}

type Value = (context: HeaderContext) => string | null

/** An operator: plain, or made of its argument when a manifest is read. */
export type HeaderOperator =
  | { readonly argument: 'none'; readonly value: Value }
  | { readonly argument: 'required' | 'optional'; bind(argument: string): Value }

/** `2036-11-20T15:38:11.000Z`, the default of Envoy's time operators. */
const defaultTimeFormat = '%Y-%m-%dT%H:%M:%S.%3fZ'

/**
 * The operators of gateway.md section 8.2 that are built. `null` is "no value". TLS session ids
 * never have one, since sessions are resumed by tickets.
 */
export const headerOperators: ReadonlyMap<string, HeaderOperator> = new Map<string, HeaderOperator>(
  [
    ['DOWNSTREAM_PEER_SUBJECT', peer((p) => p.subject)],
    ['DOWNSTREAM_PEER_ISSUER', peer((p) => p.issuer)],
    ['DOWNSTREAM_PEER_URI_SAN', peer((p) => p.uriSans.join(','))],
    ['DOWNSTREAM_PEER_DNS_SAN', peer((p) => p.dnsSans.join(','))],
    ['DOWNSTREAM_PEER_IP_SAN', peer((p) => p.ipSans.join(','))],
    ['DOWNSTREAM_PEER_EMAIL_SAN', peer((p) => p.emailSans.join(','))],
    ['DOWNSTREAM_PEER_FINGERPRINT_256', peer((p) => p.sha256)],
    ['DOWNSTREAM_PEER_FINGERPRINT_1', peer((p) => p.sha1)],
    ['DOWNSTREAM_PEER_SERIAL', peer((p) => p.serial)],
    ['DOWNSTREAM_PEER_CERT', peer((p) => p.urlEncodedPem)],
    ['DOWNSTREAM_PEER_CERT_V_START', time(({ values }) => values.peer?.notBefore ?? null)],
    ['DOWNSTREAM_PEER_CERT_V_END', time(({ values }) => values.peer?.notAfter ?? null)],
    ['DOWNSTREAM_TLS_VERSION', value(({ values }) => values.tlsVersion)],
    ['DOWNSTREAM_TLS_CIPHER', value(({ values }) => values.tlsCipher)],
    ['DOWNSTREAM_TLS_SESSION_ID', value(() => null)],
    ['DOWNSTREAM_LOCAL_SUBJECT', value(({ local }) => local.subject)],
    ['DOWNSTREAM_LOCAL_URI_SAN', value(({ local }) => local.uriSans.join(','))],
    ['DOWNSTREAM_LOCAL_DNS_SAN', value(({ local }) => local.dnsSans.join(','))],
    ['DOWNSTREAM_LOCAL_PORT', value(({ values }) => String(values.localPort))],
    ['REQUESTED_SERVER_NAME', value(({ values }) => values.requestedServerName)],
    ['REQ', { argument: 'required', bind: requestHeader }],
    ['REQUEST_HEADER', { argument: 'required', bind: requestHeader }],
    ['PROTOCOL', value(() => 'HTTP/1.1')],
    ['DOWNSTREAM_REMOTE_ADDRESS', value(remoteEndpoint)],
    ['DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', value(({ values }) => values.remoteAddress)],
    ['DOWNSTREAM_DIRECT_REMOTE_ADDRESS', value(remoteEndpoint)],
    ['DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT', value(({ values }) => values.remoteAddress)],
    ['START_TIME', time(({ values }) => values.startTime)],
    ['HOSTNAME', value(({ local }) => local.hostname)],
  ],
)

/** Whether a header filled by `operator` speaks for the client (gateway.md section 6.3). */
export function isPeerOperator(operator: string): boolean {
  return operator.startsWith('DOWNSTREAM_PEER_') || operator.startsWith('DOWNSTREAM_TLS_')
}

function value(read: Value): HeaderOperator {
  return { argument: 'none', value: read }
}

function peer(read: (identity: PeerIdentity) => string): HeaderOperator {
  return value(({ values }) => (values.peer === null ? null : read(values.peer)))
}

function time(read: (context: HeaderContext) => Date | null): HeaderOperator {
  return {
    argument: 'optional',
    bind(argument) {
      const format = parseTimeFormat(argument === '' ? defaultTimeFormat : argument)
      return (context) => {
        const moment = read(context)
        return moment === null ? null : formatTime(format, moment)
      }
    },
  }
}

function remoteEndpoint({ values }: HeaderContext): string {
  const address = values.remoteAddress
  return `${address.includes(':') ? `[${address}]` : address}:${values.remotePort}`
}

/** `%REQ(X?Y)%`: the first line of X, or of Y where X is absent. */
function requestHeader(argument: string): Value {
  const names = argument.split('?')
  const formed =
    names.length <= 2 && names.every((name) => /^:?[!#$&'*+\-.^_`|~0-9A-Za-z]+$/.test(name))
  if (!formed) {
    throw new GatewayError(
      'gateway/header-value',
      `%REQ(${argument})%: one header name, or two as X?Y`,
    )
  }
  return (context) => {
    for (const name of names) {
      const found = readRequest(name.toLowerCase(), context)
      if (found !== null) return found
    }
    return null
  }
}

function readRequest(name: string, { values, requestLines }: HeaderContext): string | null {
  if (name === ':path') return values.path
  if (name === ':authority' || name === 'host') return values.authority
  if (name === ':method') return values.method
  if (name === ':scheme') return 'https'
  if (requestLines === null) return values.header(name)[0] ?? null
  return requestLines.find(([line]) => isNamed(line, name))?.[1] ?? null
}
