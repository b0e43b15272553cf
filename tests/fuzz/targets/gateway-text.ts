import { GatewayError, normalizePath } from '@twinlatch/gateway'
import { parseDuration } from '@twinlatch/kit'
import { parseAuthority } from '@twinlatch/wire'
import { compileAddressBlocks } from '../../../packages/gateway/src/address-block.ts'
import { parseHeaderValue } from '../../../packages/gateway/src/header-value.ts'
import { hostFault, intersection } from '../../../packages/gateway/src/istio/host-name.ts'
import { compilePathTemplate } from '../../../packages/gateway/src/path-template.ts'
import { compileRegex } from '../../../packages/gateway/src/regex.ts'
import { parseUpstreamAddress } from '../../../packages/gateway/src/upstream-address.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

const refuses = (error: unknown) => error instanceof GatewayError

/** Targets of requests: the normal form of a path is its own normal form. */
export const path: FuzzTarget = {
  name: 'normalize-path',
  kind: 'text',
  words: [
    '%2e',
    '%2E%2e',
    '/../',
    '/..;a/',
    '//',
    '%5c',
    '\\',
    '%252e',
    '%00',
    '?',
    '#',
    '%%32%65',
  ],
  corpus: async () => bytesOf('/a/b/../c?d=e', '/%7Eme/./x%2Fy', '/a%25%32%65/..;v=1/b', '/'),
  run(input) {
    const target = Buffer.from(input).toString('latin1')
    const normal = normalizePath(target)
    if (normal === null) return false
    expectThat(normal.path.length <= target.length * 3, 'a path grows by encoding only')
    expectThat(normalizePath(normal.path)?.path === normal.path, 'a fixed point')
    expectThat(!/(^|\/)\.\.?(;[^/]*)?(\/|$)/.test(normal.path), 'no dot segment is left')
    return true
  },
  refuses,
}

/** Path templates of policies, and what they match. */
export const pathTemplate: FuzzTarget = {
  name: 'path-template',
  kind: 'text',
  words: ['{*}', '{**}', '/', '%2F', '{', '}', '*', 'a'],
  corpus: async () => bytesOf('/a/{*}/b/{**}/c', '/{**}', '/a-b/{*}.x', '/{*}/{*}/{*}'),
  run(input) {
    const template = textOf(input)
    const matches = compilePathTemplate(template)
    const filled = template.replaceAll('{**}', 'x/y').replaceAll('{*}', 'z')
    expectThat(matches(filled), `${template} matches what it was filled with`)
    matches(`/${'a/'.repeat(1000)}`)
    return true
  },
  refuses,
}

/** Header values with operators. */
export const headerValue: FuzzTarget = {
  name: 'header-value',
  kind: 'text',
  words: [
    '%',
    '%%',
    '%REQ(',
    ')%',
    '%DOWNSTREAM_PEER_SUBJECT%',
    '%START_TIME(%Y)%',
    ':10%',
    '%HOSTNAME%',
  ],
  corpus: async () =>
    bytesOf(
      'CN %DOWNSTREAM_PEER_SUBJECT%!',
      '%REQ(x-a?x-b)%',
      '100%%',
      '%START_TIME(%Y-%m-%dT%H)%',
    ),
  run(input) {
    const { operators } = parseHeaderValue(textOf(input))
    expectThat(
      operators.every((name) => /^[A-Z0-9_]+$/.test(name)),
      'operators have names',
    )
    return true
  },
  refuses,
}

/** RE2 expressions, and matching with them. */
export const regex: FuzzTarget = {
  name: 'regex',
  kind: 'text',
  words: [
    '(?i)',
    '(?:',
    ')',
    '{1,1000}',
    '{3}',
    '*',
    '+?',
    '[^a-z]',
    '\\pL',
    '[[:alpha:]]',
    '\\b',
    '|',
    '.*',
  ],
  corpus: async () =>
    bytesOf(
      '^/a/[0-9]{1,5}(/.*)?$',
      '(a|b)*c',
      '(?i)[^x]+\\d{2,4}',
      '\\p{Greek}+|[[:word:]]*?',
      '(a*)*b',
    ),
  run(input) {
    const matches = compileRegex(textOf(input))
    matches(`/${'aab'.repeat(100)}`)
    return true
  },
  refuses,
}

/** Host names, authorities, addresses and durations: short grammars. */
export const names: FuzzTarget = {
  name: 'gateway-names',
  kind: 'text',
  words: [
    '*.',
    '.',
    ':',
    '443',
    '[::1]',
    'http://',
    '@',
    '169.254.169.254',
    '::ffff:',
    '/24',
    'ms',
    '1.5h',
  ],
  corpus: async () =>
    bytesOf(
      '*.mtls.localhost',
      'a.example:8443',
      '[2001:db8::1]:80',
      'http://a.example:8000',
      '10.0.0.0/8',
      '1h30m',
    ),
  run(input) {
    const text = textOf(input)
    const host = hostFault(text, { shortName: true }) === null
    if (host) expectThat(intersection(text, '*') === text, 'everything lies in *')
    const authority = parseAuthority(text)
    if (authority !== null) {
      const { host: name, port } = authority
      const again = parseAuthority(port === null ? name : `${name}:${port}`)
      expectThat(again?.host === name && again.port === port, 'an authority is read again')
    }
    const duration = parseDuration(text)
    expectThat(duration === undefined || duration >= 0, 'no negative time')
    if (host || authority !== null || duration !== undefined) return true
    if (/^\p{L}+:/u.test(text)) parseUpstreamAddress(text)
    else compileAddressBlocks([text])('192.0.2.1')
    return true
  },
  refuses,
}
