import { nameKey, parseDistinguishedName } from '@twinlatch/pki'
import type { PeerIdentity } from '@twinlatch/trust'
import { compileAddressBlocks } from '../address-block.ts'
import type { RequestView } from '../compiled.ts'
import { compilePathTemplate, isPathTemplate } from '../path-template.ts'
import type { PolicyKey } from '../policy-key.ts'
import { compileRegex } from '../regex.ts'
import {
  compileExactValues,
  compileTest,
  compileValues,
  type ValueMatcher,
} from './policy-value.ts'
import { isSecretHeader } from './secret-header.ts'

/** One thing of a request that rules compare: how it is read and how a list is matched with it. */
export interface Attribute {
  /** The same for two conditions that read the same values, so that they share an index. */
  readonly id: string
  /** Values for matching; an absent one is an empty list. */
  read(view: RequestView): readonly string[]
  /** Text for people, `null` when absent. */
  show(view: RequestView): string | null
  compile(list: readonly string[]): ValueMatcher
  /** True for headers: lines may be read apart or joined (gateway.md section 11.4). */
  readonly repeatable: boolean
  /** True for headers that hold credentials: no record shows a value. */
  readonly secret: boolean
}

function attribute(
  id: string,
  read: Attribute['read'],
  compile: Attribute['compile'],
  more: { show?: Attribute['show']; repeatable?: boolean; secret?: boolean } = {},
): Attribute {
  const show = (view: RequestView) => read(view).join(',') || null
  const { repeatable = false, secret = false } = more
  return { id, read, compile, show: more.show ?? show, repeatable, secret }
}

const strings = (list: readonly string[]) => compileValues(list, 'non-empty')
const addresses = (list: readonly string[]) => compileTest(compileAddressBlocks(list))

const sourceAddress = attribute('source.ip', (view) => [view.sourceAddress], addresses)
const remoteAddress = attribute('remote.ip', (view) => [view.remoteAddress], addresses)
const port = attribute(
  'destination.port',
  (view) => [String(view.destinationPort)],
  (list) => compileExactValues(list, (value) => String(Number(value))),
)
const namespace = attribute('source.namespace', (view) => view.principals, compileNamespaces)

/** What an authenticated peer reads as, besides its SPIFFE ids: no SPIFFE id contains a NUL. */
const authenticatedMark = '\0authenticated'

const principal = attribute(
  'source.principal',
  (view) => (view.authenticated ? [...view.principals, authenticatedMark] : []),
  (list) => {
    const named = strings(list.filter((value) => value !== '*'))
    const any = list.includes('*')
    const real = (value: string) => value !== authenticatedMark
    return {
      exact: any ? null : named.exact,
      matches: (values) => (any && values.length > 0) || named.matches(values.filter(real)),
    }
  },
  { show: (view) => view.principals.join(',') || (view.authenticated ? '(no SPIFFE id)' : null) },
)

/** Attributes of `from.source` and `to.operation`, by field name. */
export const fieldAttributes: ReadonlyMap<string, Attribute> = new Map([
  ['principals', principal],
  ['namespaces', namespace],
  ['ipBlocks', sourceAddress],
  ['remoteIpBlocks', remoteAddress],
  ['hosts', attribute('host', (view) => [view.authority.toLowerCase()], strings)],
  ['methods', attribute('method', (view) => [view.method], strings)],
  ['paths', attribute('path', (view) => [view.path], compilePaths)],
  ['ports', port],
])

/** The attribute behind a `when` key (gateway.md sections 11.4 and 11.5). */
export function attributeOfKey(key: PolicyKey, names: NameKeys): Attribute {
  switch (key.kind) {
    case 'header':
      return headerAttribute(key.header)
    case 'source.ip':
      return sourceAddress
    case 'remote.ip':
      return remoteAddress
    case 'source.namespace':
      return namespace
    case 'source.principal':
      return principal
    case 'destination.port':
      return port
    case 'connection.sni':
      return attribute(
        key.kind,
        (view) => (view.serverName === null ? [] : [view.serverName.toLowerCase()]),
        (list) => strings(list.map((value) => value.toLowerCase())),
      )
    case 'connection.tls.peer.subject':
    case 'connection.tls.peer.issuer':
      return nameAttribute(key.kind === 'connection.tls.peer.subject' ? 'subject' : 'issuer', names)
    case 'connection.tls.peer.fingerprint256':
      return attribute(
        key.kind,
        (view) => (view.peer === null ? [] : [view.peer.sha256]),
        (list) => compileExactValues(list, (value) => value.replaceAll(':', '').toLowerCase()),
      )
    case 'connection.tls.peer.uriSan':
      return attribute(key.kind, (view) => view.peer?.uriSans ?? [], strings)
    case 'connection.tls.peer.dnsSan':
      return attribute(
        key.kind,
        (view) => view.peer?.dnsSans.map((name) => name.toLowerCase()) ?? [],
        (list) => strings(list.map((value) => value.toLowerCase())),
      )
  }
}

function headerAttribute(name: string): Attribute {
  const read = headerReader(name)
  return attribute(`header:${name}`, read, (list) => compileValues(list, 'present'), {
    repeatable: true,
    secret: isSecretHeader(name),
    show: (view) => {
      // A query may hold a token.
      if (name === ':path') return view.query === null ? view.path : `${view.path}?[query]`
      return read(view).length === 0 ? null : read(view).join(',')
    },
  })
}

function headerReader(name: string): Attribute['read'] {
  switch (name) {
    case 'host':
    case ':authority':
      return (view) => [view.authority]
    case ':path':
      return (view) => [view.query === null ? view.path : `${view.path}?${view.query}`]
    case ':method':
      return (view) => [view.method]
    case ':scheme':
      return (view) => [view.scheme]
    default:
      return (view) => view.header(name)
  }
}

/** Keys of a peer's names, computed once per peer and not once per request. */
export type NameKeys = WeakMap<PeerIdentity, { readonly subject: string; readonly issuer: string }>

function nameAttribute(which: 'subject' | 'issuer', names: NameKeys): Attribute {
  return attribute(
    `peer.${which}`,
    ({ peer }) => {
      if (peer === null) return []
      let keys = names.get(peer)
      if (keys === undefined) {
        const { subject, issuer } = peer.certificate
        keys = { subject: nameKey(subject), issuer: nameKey(issuer) }
        names.set(peer, keys)
      }
      return [keys[which]]
    },
    (list) => compileExactValues(list, (value) => nameKey(parseDistinguishedName(value).name)),
    { show: ({ peer }) => peer?.[which] ?? null },
  )
}

function compilePaths(list: readonly string[]): ValueMatcher {
  const templates = list.filter(isPathTemplate).map(compilePathTemplate)
  const plain = strings(list.filter((value) => !isPathTemplate(value)))
  if (templates.length === 0) return plain
  return {
    exact: null,
    matches: (values) =>
      plain.matches(values) || values.some((path) => templates.some((fits) => fits(path))),
  }
}

/** Every `*` of a namespace stands for any text of the SPIFFE id (gateway.md section 11.4). */
function compileNamespaces(list: readonly string[]): ValueMatcher {
  const tests = list.map((value) => compileRegex(`.*/ns/${value.replaceAll('*', '.*')}/.*`))
  return compileTest((id) => tests.some((test) => test(id)))
}
