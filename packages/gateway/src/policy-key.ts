import { messageOf } from '@twinlatch/kit'
import { parseDistinguishedName } from '@twinlatch/pki'
import { parseAddressBlock } from './address-block.ts'
import { GatewayError } from './errors.ts'
import { nearestName } from './nearest-name.ts'

/** A `when` key that can be evaluated (gateway.md sections 11.4 and 11.5). */
export type PolicyKeyKind =
  | 'header'
  | 'source.ip'
  | 'remote.ip'
  | 'source.namespace'
  | 'source.principal'
  | 'destination.port'
  | 'connection.sni'
  | 'connection.tls.peer.subject'
  | 'connection.tls.peer.issuer'
  | 'connection.tls.peer.fingerprint256'
  | 'connection.tls.peer.uriSan'
  | 'connection.tls.peer.dnsSan'

/** A key that was understood. */
export interface PolicyKey {
  readonly kind: PolicyKeyKind
  /** Lower-case header name; empty for the other kinds. */
  readonly header: string
  /** Why `value` can never be meant, or `null`. */
  valueFault(value: string): string | null
}

const plainKinds: readonly PolicyKeyKind[] = [
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.principal',
  'destination.port',
  'connection.sni',
  'connection.tls.peer.subject',
  'connection.tls.peer.issuer',
  'connection.tls.peer.fingerprint256',
  'connection.tls.peer.uriSan',
  'connection.tls.peer.dnsSan',
]

/** Keys that Istio knows and that are refused, with the reason. */
const refusedKeys: readonly (readonly [prefix: string, reason: string])[] = [
  ['request.auth.', 'needs a JWT (RequestAuthentication), which is not built yet'],
  ['experimental.', 'experimental keys are not supported'],
  ['destination.labels', 'is not supported: use spec.selector'],
  ['destination.namespace', 'is not supported: use metadata.namespace'],
  ['destination.name', 'is not supported: use spec.selector'],
  ['destination.user', 'is not supported: use spec.selector'],
  ['destination.ip', 'is not built yet'],
  ['source.serviceAccount', 'is not built yet: use source.principal'],
  ['source.trustDomain', 'is not built yet: use source.principal'],
]

/** The key in `text`; an unknown one is a `gateway/settings` error with the nearest known name. */
export function parsePolicyKey(text: string): PolicyKey {
  const header = /^request\.headers\[(:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+)\]$/.exec(text)?.[1]
  if (header !== undefined) {
    return { kind: 'header', header: header.toLowerCase(), valueFault: () => null }
  }
  const kind = plainKinds.find((known) => known === text)
  if (kind !== undefined) return { kind, header: '', valueFault: (value) => faultOf(kind, value) }
  const refused = refusedKeys.find(([prefix]) => text.startsWith(prefix))
  if (refused !== undefined)
    throw new GatewayError('gateway/settings', `key "${text}": ${refused[1]}`)
  const nearest = nearestName(text, [...plainKinds, 'request.headers[name]'])
  throw new GatewayError(
    'gateway/settings',
    `unknown key "${text.slice(0, 80)}"` +
      (nearest === null
        ? `; known are request.headers[name], ${plainKinds.join(', ')}`
        : `; did you mean "${nearest}"?`),
  )
}

function faultOf(kind: PolicyKeyKind, value: string): string | null {
  try {
    if (kind === 'source.ip' || kind === 'remote.ip') parseAddressBlock(value)
    // Names are compared as names, so a wildcard would be part of a value (gateway.md 11.5).
    if (isDistinguishedNameKey(kind)) parseDistinguishedName(value)
  } catch (error) {
    return messageOf(error)
  }
  if (kind === 'destination.port' && !(/^\d{1,5}$/.test(value) && Number(value) <= 65_535)) {
    return 'not a port number'
  }
  if (
    kind === 'connection.tls.peer.fingerprint256' &&
    !/^([0-9a-f]{64}|([0-9A-Fa-f]{2}:?){32})$/.test(value)
  ) {
    return 'not a hex SHA-256'
  }
  return null
}

/** Whether values of this kind are distinguished names, compared as names (pki.md section 2.4). */
export function isDistinguishedNameKey(kind: PolicyKeyKind): boolean {
  return kind === 'connection.tls.peer.subject' || kind === 'connection.tls.peer.issuer'
}
