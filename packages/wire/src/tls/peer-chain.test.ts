import { TLSSocket } from 'node:tls'
import type { TestLeafOrder } from '@twinlatch/testing'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  attempt,
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  settingsOf,
  type TestListener,
} from './listener.fixture.ts'

let material: Material
let listener: TestListener | undefined
beforeAll(async () => {
  material = await createMaterial()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await listener?.stop()
})

const request = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\nConnection: close\r\n\r\n'

async function callThreeTimes(authority: 'alpha' | 'beta', order: Partial<TestLeafOrder> = {}) {
  const domains = domainsOf({ 'a.test.localhost': settingsOf(material) })
  const opened = await openTestListener({ domains })
  listener = opened
  const leaf = await material[authority].issue({ subject: 'CN=client', ...order })
  const asked = vi.spyOn(TLSSocket.prototype, 'getPeerX509Certificate')
  for (let count = 0; count < 3; count += 1) {
    await attempt(opened.port, { cert: leaf.chainPem, key: leaf.privateKeyPem }, request)
  }
  const sent = leaf.chain.map(({ raw }) => Buffer.from(raw))
  return { opened, asked: asked.mock.calls.length, sent }
}

/** Node 24.21 never frees what that call takes out of a session: some 5 KiB a certificate. */
describe('Node is asked for the whole chain', () => {
  test('once, however often a verified client connects', async () => {
    const { opened, asked, sent } = await callThreeTimes('alpha')
    expect(asked).toBe(1)
    expect(opened.accepted).toHaveLength(3)
    for (const { peerCertificates } of opened.accepted) {
      expect(peerCertificates.map((der) => Buffer.from(der))).toEqual(sent)
    }
  })

  test.each<[string, 'alpha' | 'beta', Partial<TestLeafOrder>]>([
    ['of another authority', 'beta', {}],
    ['that has expired', 'alpha', { shape: 'expired' }],
    ['for servers', 'alpha', { shape: 'wrong-purpose' }],
  ])('never for a client that is not verified: %s', async (_name, authority, order) => {
    const { opened, asked, sent } = await callThreeTimes(authority, order)
    expect(asked).toBe(0)
    expect(opened.refused).toHaveLength(3)
    for (const { peerCertificates } of opened.refused) {
      expect(peerCertificates.slice(0, sent.length).map((der) => Buffer.from(der))).toEqual(sent)
    }
  })
})
