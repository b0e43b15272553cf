import type { HeaderLines } from '@twinlatch/wire'
import { expect, test } from 'vitest'
import type { HeaderValues } from '../compiled.ts'
import { workedPeer } from '../testdata/request-view.ts'
import { compileOperations } from './header-operations.ts'

const local = { subject: null, uriSans: [], dnsSans: [], hostname: 'h' }
const values: HeaderValues = {
  peer: workedPeer(),
  tlsVersion: 'TLSv1.3',
  tlsCipher: 'x',
  requestedServerName: null,
  remoteAddress: '192.0.2.1',
  remotePort: 1,
  localPort: 443,
  startTime: new Date(0),
  method: 'GET',
  authority: 'a',
  path: '/',
  header: (name) => (name === 'x-id' ? ['of the request'] : []),
}
const withoutPeer = { ...values, peer: null }

function run(
  operations: Parameters<typeof compileOperations>[0],
  lines: HeaderLines,
  given: HeaderValues = values,
) {
  return compileOperations(operations, 'request', local)?.apply(lines, given)
}

test('remove comes first, then set replaces all lines, then add appends one', () => {
  expect(
    run({ remove: ['X-Gone'], set: { 'X-A': '1' }, add: { 'x-a': '2' } }, [
      ['x-gone', '0'],
      ['x-a', 'old'],
      ['X-A', 'older'],
      ['b', 'kept'],
    ]),
  ).toEqual([
    ['b', 'kept'],
    ['X-A', '1'],
    ['x-a', '2'],
  ])
})

test('values see the request after remove and before set', () => {
  expect(
    run({ remove: ['x-b'], set: { 'x-a': 'new', 'x-c': '%REQ(x-a)%-%REQ(x-b)%' } }, [
      ['x-a', 'old'],
      ['x-b', 'gone'],
    ]),
  ).toEqual([
    ['x-a', 'new'],
    ['x-c', 'old-'],
  ])
})

test('an operator without a value skips its header and leaves the old one (Envoy)', () => {
  const lines: HeaderLines = [['X-CLIENT-SSL-CN', 'from the client']]
  const set = { 'X-Client-Ssl-Cn': '%DOWNSTREAM_PEER_SUBJECT%' }
  expect(run({ set }, lines, withoutPeer)).toEqual(lines)
  expect(
    run({ set: { 'x-client-ssl-cn': 'cn=%DOWNSTREAM_PEER_SUBJECT%' } }, lines, withoutPeer),
  ).toEqual([['x-client-ssl-cn', 'cn=']])
})

test('the same name twice in one set: the last wins', () => {
  expect(run({ set: { 'X-A': '1', 'x-a': '2' } }, [])).toEqual([['x-a', '2']])
})

test('Host is no header line', () => {
  expect(run({ set: { Host: 'b', ':authority': 'b' } }, [['host', 'a']])).toEqual([['host', 'a']])
})

test('headers that speak for the peer are named with - for _', () => {
  const operations = compileOperations(
    {
      set: { X_Client_Cn: '%DOWNSTREAM_PEER_SUBJECT%', 'x-plain': '%PROTOCOL%' },
      add: { 'X-Tls': 'v=%DOWNSTREAM_TLS_VERSION%' },
    },
    'request',
    local,
  )
  expect(operations?.peerFilled).toEqual(['x-client-cn', 'x-tls'])
})

test('response operators read the request, and server cannot be set', () => {
  const operations = compileOperations(
    { set: { Server: 'mine', 'x-echo': '%REQ(x-id)%' } },
    'response',
    local,
  )
  expect(operations?.apply([['x-id', 'of the response']], values)).toEqual([
    ['x-id', 'of the response'],
    ['x-echo', 'of the request'],
  ])
})
