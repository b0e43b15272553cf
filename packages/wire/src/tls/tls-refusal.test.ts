import type { TestLeafOrder } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import { listenersOfFile } from './file-listeners.fixture.ts'
import { attempt, connectClient, readToEnd } from './listener.fixture.ts'

const { openDefault, identity } = listenersOfFile()

const request = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n'

describe('a refused client certificate', () => {
  test.each<[string, 'alpha' | 'beta', Partial<TestLeafOrder>, string]>([
    ['of another authority', 'beta', {}, 'UNABLE_TO_GET_ISSUER_CERT'],
    ['that is self-signed', 'alpha', { shape: 'self-signed' }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['that is expired', 'alpha', { shape: 'expired' }, 'CERT_HAS_EXPIRED'],
    ['for servers only', 'alpha', { shape: 'wrong-purpose' }, 'INVALID_PURPOSE'],
  ])(
    '%s closes the connection before a handler runs, with its facts kept',
    async (_name, authority, order, code) => {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const listener = await openDefault()
        const { leaf, cert, key } = await identity(authority, order)
        expect(await attempt(listener.port, { cert, key, maxVersion }, request)).toBe('')
        expect(listener.refused).toHaveLength(1)
        expect(listener.refused[0]?.verified).toBe(false)
        expect(listener.refused[0]?.verifyError).toMatch(new RegExp(`^${code}`))
        expect(Buffer.from(listener.refused[0]?.peerCertificates[0] ?? [])).toEqual(
          Buffer.from(leaf.chain[0]?.raw ?? []),
        )
        expect(listener.handled).toEqual([])
        expect(listener.faults).toEqual([])
      }
    },
  )

  test('that is missing closes the connection as well and is no verification error', async () => {
    const listener = await openDefault()
    const client = await connectClient(listener.port)
    client.write(request)
    expect(await readToEnd(client)).toBe('')
    expect(listener.refused[0]).toMatchObject({
      verified: false,
      verifyError: null,
      peerCertificates: [],
    })
    expect(listener.handled).toEqual([])
  })

  test('with a key type that is not asked for is not sent at all', async () => {
    const listener = await openDefault()
    const { cert, key } = await identity('alpha', { keyType: 'ed25519' })
    const client = await connectClient(listener.port, { cert, key })
    await readToEnd(client)
    expect(listener.refused[0]?.peerCertificates).toEqual([])
  })

  test('is refused too when the handler throws', async () => {
    const listener = await openDefault({
      accept: () => {
        throw new Error('policy failed')
      },
    })
    const { cert, key } = await identity('alpha')
    const client = await connectClient(listener.port, { cert, key })
    client.write(request)
    expect(await readToEnd(client)).toBe('')
    expect(listener.handled).toEqual([])
  })

  test('larger than the limit closes the connection and is reported', async () => {
    const listener = await openDefault({ limits: { peerChainBytesMax: 100 } })
    const { cert, key } = await identity('alpha')
    const client = await connectClient(listener.port, { cert, key })
    expect(await readToEnd(client)).toBe('')
    expect(listener.faults[0]?.fault.kind).toBe('limit')
    expect(listener.accepted).toEqual([])
  })
})
