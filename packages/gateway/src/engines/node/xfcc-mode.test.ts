import { createTestAuthority } from '@twinlatch/testing'
import { identifyPeer, type PeerIdentity } from '@twinlatch/trust'
import { beforeAll, expect, test } from 'vitest'
import type { CompiledServer, XfccSettings } from '../../compiled.ts'
import { applyXfccMode, ownXfccElement } from './xfcc-mode.ts'

let identity: PeerIdentity
/** The element of `identity` without details. */
let own: string
beforeAll(async () => {
  const now = new Date('2026-11-23T12:00:00Z')
  const authority = await createTestAuthority({ name: 'Clients', now })
  const { chain } = await authority.issue({ subject: 'CN=orders' })
  identity = identifyPeer(chain.map(({ raw }) => raw))
  own = `Hash=${identity.sha256}`
})

// gateway.md section 7.3: value without and with a client certificate, for an inbound `Hash=1`.
test.each([
  ['SANITIZE', null, null],
  ['FORWARD_ONLY', null, 'Hash=1'],
  ['APPEND_FORWARD', null, 'Hash=1,OWN'],
  ['SANITIZE_SET', null, 'OWN'],
  ['ALWAYS_FORWARD_ONLY', 'Hash=1', 'Hash=1'],
] as const)('%s makes %s of it without a certificate and %s with one', (mode, without, present) => {
  const settings: XfccSettings = { mode, details: new Set(), meshHop: null }
  const apply = (peer: PeerIdentity | null, lines: string[]) =>
    applyXfccMode(settings, lines, ownXfccElement(serverWith(settings), peer))
  expect(apply(null, ['Hash=1'])).toEqual({ kind: 'value', value: without })
  expect(apply(identity, ['Hash=1'])).toEqual({
    kind: 'value',
    value: present?.replace('OWN', own) ?? null,
  })
})

function serverWith(xfcc: XfccSettings, ownUriSans: string[] = []): CompiledServer {
  return { xfcc, material: { ready: true, ownUriSans } } as unknown as CompiledServer
}

const settingsOf = (mode: XfccSettings['mode']): XfccSettings => ({
  mode,
  details: new Set(),
  meshHop: null,
})

test('several inbound lines are one value', () => {
  const result = applyXfccMode(settingsOf('FORWARD_ONLY'), ['Hash=1', 'Hash=2'], own)
  expect(result).toEqual({ kind: 'value', value: 'Hash=1,Hash=2' })
})

test('nothing inbound: the own element alone, and nothing is forwarded', () => {
  const ours = ownXfccElement(serverWith(settingsOf('APPEND_FORWARD'), ['spiffe://gw']), identity)
  expect(applyXfccMode(settingsOf('APPEND_FORWARD'), [], ours)).toEqual({
    kind: 'value',
    value: `By=spiffe://gw;${own}`,
  })
  expect(applyXfccMode(settingsOf('APPEND_FORWARD'), [''], ours)).toEqual({
    kind: 'value',
    value: `By=spiffe://gw;${own}`,
  })
  expect(applyXfccMode(settingsOf('FORWARD_ONLY'), [''], ours)).toEqual({
    kind: 'value',
    value: '',
  })
  expect(applyXfccMode(settingsOf('FORWARD_ONLY'), [], ours)).toEqual({
    kind: 'value',
    value: null,
  })
})

test.each(['FORWARD_ONLY', 'APPEND_FORWARD', 'ALWAYS_FORWARD_ONLY'] as const)(
  '%s refuses a malformed value, the others never read it',
  (mode) => {
    const lines = ['Hash=1;Subject="open']
    expect(applyXfccMode(settingsOf(mode), lines, own).kind).toBe('malformed')
    expect(applyXfccMode(settingsOf('SANITIZE_SET'), lines, own)).toEqual({
      kind: 'value',
      value: own,
    })
  },
)
