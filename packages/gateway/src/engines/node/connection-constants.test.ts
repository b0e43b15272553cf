import { devSubaccountId } from '@twinlatch/kit'
import { expect, test } from 'vitest'
import type { CompiledServer, CompiledVirtualHost, HostChoice } from '../../compiled.ts'
import { workedPeer } from '../../testdata/request-view.ts'
import type { ConnectionContext } from './connection.ts'
import { constantsOf } from './connection-constants.ts'
import type { RunningPort } from './running.ts'

const context = {
  serverKey: 'key',
  identity: workedPeer(),
  peer: { address: '192.0.2.1', port: 1, localPort: 443 },
  tls: { serverName: 'a.localhost' },
} as unknown as ConnectionContext

function virtualHost(name: string, filled: readonly string[] = []): CompiledVirtualHost {
  return { name, peerFilledHeaders: new Set(filled), chooseRoute: () => null }
}

/** A port whose hosts are `hosts`; what was asked for is noted in `asked`. */
function running(
  hosts: Readonly<Record<string, CompiledVirtualHost>>,
  some: { details?: CompiledServer['xfcc']['details']; asked?: string[] } = {},
): RunningPort {
  const server = {
    key: 'key',
    subaccountId: devSubaccountId,
    material: { ready: true, ownUriSans: [] },
    xfcc: { mode: 'SANITIZE_SET', details: some.details ?? new Set(), meshHop: null },
  } as unknown as CompiledServer
  const chooseVirtualHost = (_: CompiledServer, authority: string): HostChoice => {
    some.asked?.push(authority)
    const found = hosts[authority]
    return found ? { kind: 'virtual-host', virtualHost: found } : { kind: 'no-host' }
  }
  return {
    compiled: { servers: [server], chooseServer: () => server, chooseVirtualHost },
    servers: new Map([['key', { server, domain: null, reason: null }]]),
    constants: new WeakMap(),
  }
}

test('a connection asks once for its host as long as it asks for the same', () => {
  const asked: string[] = []
  const port = running({ 'a.localhost': virtualHost('a') }, { asked })
  const host = () => constantsOf(context, port, 8443).hostOf('a.localhost')
  expect(host()).toBe(host())
  expect(host().choice).toMatchObject({ virtualHost: { name: 'a' } })
  expect(asked).toEqual(['a.localhost'])
})

test('another authority on the same connection is another host, and the first one is found again', () => {
  const port = running({ a: virtualHost('a', ['x-a']), b: virtualHost('b', ['x-b']) })
  const constants = constantsOf(context, port, 8443)
  for (const name of ['a', 'b', 'a']) {
    expect(constants.hostOf(name).choice).toMatchObject({ virtualHost: { name } })
    expect([...constants.hostOf(name).peerFilled.names]).toEqual([`x-${name}`])
  }
  expect(constants.hostOf('c').choice).toEqual({ kind: 'no-host' })
})

test('after a swap nothing of the earlier configuration is found for an open connection', () => {
  const before = running({ a: virtualHost('before', ['x-a']) })
  const old = constantsOf(context, before, 8443)
  expect(old.hostOf('a').choice).toMatchObject({ virtualHost: { name: 'before' } })
  const after = running({ a: virtualHost('after') }, { details: new Set(['Subject']) })
  const fresh = constantsOf(context, after, 8444)
  expect(fresh.hostOf('a').choice).toMatchObject({ virtualHost: { name: 'after' } })
  expect(fresh.hostOf('a').peerFilled.names.size).toBe(0)
  expect(fresh.ownXfcc?.[1]).toBe(`${old.ownXfcc?.[1]};Subject="${workedPeer().subject}"`)
  expect([old.point.destinationPort, fresh.point.destinationPort]).toEqual([8443, 8444])
})

test('two connections share nothing, and one without a certificate has no element', () => {
  const port = running({ a: virtualHost('a') })
  const stranger = { ...context, identity: null }
  expect(constantsOf(context, port, 1).ownXfcc).not.toBeNull()
  expect(constantsOf(stranger, port, 1).ownXfcc).toBeNull()
  expect(constantsOf(stranger, port, 1).point.authenticated).toBe(false)
  expect(constantsOf(context, port, 1).point.authenticated).toBe(true)
})
