import { TrustError } from './errors.ts'
import type { PeerIdentity } from './identity.ts'
import { urlEncodePem } from './peer.ts'

/** One hop of `x-forwarded-client-cert`, read (gateway.md section 7.1). */
export interface XfccElement {
  readonly by: readonly string[]
  readonly hash: string | null
  /** PEM text, percent-decoded. */
  readonly cert: string | null
  readonly chain: string | null
  /** The DN text as it stands between the quotes: it is never unescaped (gateway.md section 7.1). */
  readonly subject: string | null
  readonly uri: readonly string[]
  readonly dns: readonly string[]
}

/** Parts of an element that a gateway can be told to write; `Hash` always is (section 7.2). */
export type XfccDetail = 'Cert' | 'Chain' | 'Subject' | 'URI' | 'DNS'

/**
 * The element for a peer, in Envoy's order and quoting (gateway.md section 7.2). `By`, `URI` and
 * `DNS` values that could be read as syntax are quoted, so that no SAN forges a second element.
 */
export function writeXfccElement(hop: {
  /** URI SANs of our own certificate. */
  readonly by: readonly string[]
  readonly identity: PeerIdentity
  readonly details: ReadonlySet<XfccDetail>
}): string {
  const { by, identity, details } = hop
  const pairs = by.map((uri) => `By=${quoteWhereNeeded(uri)}`)
  pairs.push(`Hash=${identity.sha256}`)
  if (details.has('Cert')) pairs.push(`Cert="${identity.urlEncodedPem}"`)
  if (details.has('Chain')) pairs.push(`Chain="${identity.chain.map(urlEncodePem).join('')}"`)
  if (details.has('Subject')) pairs.push(`Subject="${identity.subject}"`)
  if (details.has('URI')) pairs.push(...writeUris(identity.uriSans))
  if (details.has('DNS')) {
    pairs.push(...identity.dnsSans.map((name) => `DNS=${quoteWhereNeeded(name)}`))
  }
  return pairs.join(';')
}

/**
 * The element that a workload's sidecar adds in a mesh (gateway.md section 7.4): it names the
 * gateway, whose mesh certificate has an empty subject.
 */
export function meshHopElement(hop: {
  readonly workloadSpiffe: string
  readonly gatewaySpiffe: string
  readonly gatewayCertificateSha256: string
}): string {
  return [
    `By=${quoteWhereNeeded(hop.workloadSpiffe)}`,
    `Hash=${hop.gatewayCertificateSha256}`,
    'Subject=""',
    `URI=${quoteWhereNeeded(hop.gatewaySpiffe)}`,
  ].join(';')
}

/**
 * The elements of a header value, outermost hop first. Throws `trust/malformed-xfcc` for anything
 * that another reader could take apart differently (gateway.md section 7.1).
 */
export function parseXfcc(text: string): XfccElement[] {
  if (text === '') return []
  const elements: XfccElement[] = []
  let position = 0
  for (;;) {
    const { pairs, end } = readElement(text, position)
    elements.push(toElement(pairs))
    if (elements.length > elementsMax) throw malformed(`more than ${elementsMax} elements`)
    if (end === text.length) return elements
    position = end + 1
  }
}

/** More hops than any path of proxies has; keeps a hostile header from costing memory. */
const elementsMax = 32

interface Pair {
  readonly key: string
  readonly value: string
  readonly quoted: boolean
}

const knownKeys = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'])
const repeatable = new Set(['by', 'uri', 'dns'])

function readElement(text: string, start: number): { pairs: Pair[]; end: number } {
  const pairs: Pair[] = []
  let position = start
  for (;;) {
    const equals = text.indexOf('=', position)
    const key = equals < 0 ? '' : text.slice(position, equals).toLowerCase()
    if (!knownKeys.has(key)) throw malformed(`no known key at character ${position + 1}`)
    if (!repeatable.has(key) && pairs.some((pair) => pair.key === key)) {
      throw malformed(`${key} stands twice in one element`)
    }
    const { value, quoted, end } = readValue(text, equals + 1)
    pairs.push({ key, value, quoted })
    if (text[end] !== ';') return { pairs, end }
    position = end + 1
  }
}

function readValue(text: string, start: number): { value: string; quoted: boolean; end: number } {
  if (text[start] !== '"') {
    let end = start
    while (end < text.length && text[end] !== ',' && text[end] !== ';') end++
    const value = text.slice(start, end)
    if (value.includes('"')) throw malformed('a quote inside an unquoted value')
    return { value, quoted: false, end }
  }
  // A backslash always takes the next character with it, which is the same test as "the first
  // quote with an even number of backslashes before it".
  let end = start + 1
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  if (end >= text.length) throw malformed('a quote that never closes')
  const after = text[end + 1]
  if (after !== undefined && after !== ',' && after !== ';') {
    throw malformed('text after a closing quote')
  }
  return { value: text.slice(start + 1, end), quoted: true, end: end + 1 }
}

function toElement(pairs: readonly Pair[]): XfccElement {
  const one = (key: string) => pairs.find((pair) => pair.key === key)?.value ?? null
  const all = (key: string) => pairs.filter((pair) => pair.key === key).map(unquote)
  return {
    by: all('by'),
    hash: one('hash'),
    cert: percentDecode(one('cert')),
    chain: percentDecode(one('chain')),
    subject: one('subject'),
    uri: all('uri'),
    dns: all('dns'),
  }
}

function writeUris(uris: readonly string[]): string[] {
  return uris.length === 0 ? ['URI='] : uris.map((uri) => `URI=${quoteWhereNeeded(uri)}`)
}

function quoteWhereNeeded(value: string): string {
  // Characters above 7E go in quotes as well: only 21-7E without the five separators are plain.
  if (/^[\x21\x23-\x2b\x2d-\x3a\x3c\x3e-\x5b\x5d-\x7e]*$/.test(value)) return value
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function unquote(pair: Pair): string {
  return pair.quoted ? pair.value.replace(/\\(["\\])/g, '$1') : pair.value
}

function percentDecode(value: string | null): string | null {
  return (
    value?.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ) ?? null
  )
}

function malformed(what: string): TrustError {
  return new TrustError('trust/malformed-xfcc', `x-forwarded-client-cert is malformed: ${what}`)
}
