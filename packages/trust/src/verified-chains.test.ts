import { parseRevocationLists } from '@twinlatch/pki'
import { createTestAuthority } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { identifyPeer } from './peer.ts'
import { judgePeer, type PeerFacts } from './refusal.ts'
import { createVerifiedChains } from './verified-chains.ts'

const now = new Date('2026-11-23T12:00:00Z')
const later = (ms: number) => new Date(now.getTime() + ms)
const authority = await createTestAuthority({ name: 'Clients', now })
const client = await authority.issue({ subject: 'CN=orders' })
const other = await authority.issue({ subject: 'CN=orders' })

const verifiedFacts = (some: Partial<PeerFacts> = {}): PeerFacts => ({
  identity: identifyPeer(client.chain.map(({ raw }) => raw)),
  certificateRequired: true,
  verified: true,
  verifyError: null,
  intermediates: client.chain.slice(1),
  knownIntermediates: [],
  anchors: [authority.root],
  bundleName: null,
  pins: { certificateHashes: new Set(), spkiHashes: new Set(), subjectAltNames: [] },
  now,
  ...some,
})

test('a chain is remembered from the moment it was found good until its end, and no other', () => {
  const chains = createVerifiedChains()
  expect(chains.holds(client.chain, now)).toBe(false)
  chains.remember(client.chain, now, later(1000).getTime())
  expect(chains.holds(client.chain, now)).toBe(true)
  expect(chains.holds(client.chain, later(1000))).toBe(true)
  expect(chains.holds(client.chain, later(1001))).toBe(false)
  expect(chains.holds(client.chain, later(-1))).toBe(false)
  expect(chains.holds(other.chain, now)).toBe(false)
  expect(chains.holds(client.chain.slice(0, 1), now)).toBe(false)
})

test('the oldest chain is forgotten first', () => {
  const chains = createVerifiedChains()
  const numbered = (index: number) => [{ ...client.certificate, sha256: String(index) }]
  for (let index = 0; index <= 2000; index += 1) {
    chains.remember(numbered(index), now, later(1000).getTime())
  }
  expect(chains.holds(numbered(0), now)).toBe(false)
  expect(chains.holds(numbered(1), now)).toBe(true)
  expect(chains.holds(numbered(2000), now)).toBe(true)
})

test('what OpenSSL verified must pass our own verification, which is then remembered', () => {
  const verifiedChains = createVerifiedChains()
  const strange = { anchors: [], verifiedChains }
  expect(judgePeer(verifiedFacts(strange))).toMatchObject({ code: 'CHN_UNKNOWN_AUTHORITY' })
  expect(judgePeer(verifiedFacts({ verifiedChains }))).toBeNull()
  // The memory belongs to one bundle: whoever changes the bundle makes a new one.
  expect(judgePeer(verifiedFacts(strange))).toBeNull()
})

test('a list that ends ends what is remembered', async () => {
  const crls = parseRevocationLists(await authority.revocationLists())
  const verifiedChains = createVerifiedChains()
  const facts = verifiedFacts({ crls, verifiedChains })
  expect(judgePeer(facts)).toBeNull()
  expect(judgePeer({ ...facts, now: later(2 * 86_400_000) })).toMatchObject({
    code: 'REV_LIST_STALE',
  })
})

test('a revoked client is refused even if OpenSSL has verified it', async () => {
  const crls = parseRevocationLists(await authority.revocationLists([client.certificate]))
  expect(judgePeer(verifiedFacts({ crls }))).toMatchObject({ code: 'REV_REVOKED' })
})
