import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { createTestAuthority } from '@twinlatch/testing'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  connectClient,
  connectRaw,
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  readToEnd,
  readUntil,
  settingsOf,
  type TestListener,
} from './listener.fixture.ts'

let material: Material
const open: TestListener[] = []
beforeAll(async () => {
  material = await createMaterial(createTestAuthority)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.stop()))
})

const request = 'GET / HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n'
const get = async (socket: TLSSocket) => {
  socket.write(request)
  return readUntil(socket, /hello$/)
}

async function openDefault(options: Partial<Parameters<typeof openTestListener>[0]> = {}) {
  const listener = await openTestListener({
    domains: domainsOf({
      'a.test.localhost': settingsOf(material),
      'b.test.localhost': settingsOf(material, {
        clientAuthoritiesPem: [material.beta.rootPem],
      }),
      'plain.test.localhost': settingsOf(material, {
        requestClientCertificate: false,
        clientAuthoritiesPem: [],
      }),
    }),
    ...options,
  })
  open.push(listener)
  return listener
}

async function identity(authority: 'alpha' | 'beta', shape?: 'expired' | 'wrong-purpose') {
  const leaf = await material[authority].issue({
    subject: 'CN=poster,O=Twinlatch',
    ...(shape ? { shape } : {}),
  })
  return { leaf, cert: leaf.chainPem, key: leaf.privateKeyPem }
}

describe('an accepted connection', () => {
  test.each(['127.0.0.1', '::1'])(
    'is served on %s with the facts of its handshake',
    async (host) => {
      const listener = await openDefault()
      const { leaf, cert, key } = await identity('alpha')
      const client = await connectClient(listener.port, { host, cert, key })
      const localPort = client.localPort
      expect(await get(client)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      client.destroy()
      expect(listener.accepted).toHaveLength(1)
      expect(listener.accepted[0]).toMatchObject({
        protocol: 'TLSv1.3',
        resumed: false,
        serverName: 'a.test.localhost',
        verified: true,
        verifyError: null,
      })
      expect(listener.accepted[0]?.peerCertificates.map((der) => Buffer.from(der))).toEqual(
        leaf.chain.map(({ raw }) => Buffer.from(raw)),
      )
      expect(listener.peers[0]).toMatchObject({
        address: host,
        port: localPort,
        localPort: listener.port,
      })
    },
  )
})
