import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import {
  connectClient,
  createMaterial,
  domainsOf,
  openTestListener,
  readToEnd,
  settingsOf,
} from '../tls/listener.fixture.ts'

test.each([
  ['a stream', () => Readable.from([Buffer.from('ok')])],
  ['an empty stream', () => Readable.from([])],
  ['bytes', () => Buffer.from('ok')],
  ['text', () => 'ok'],
  ['nothing', () => undefined],
])(
  'octets above 7F in a header value go out as they came, with %s as the body',
  async (_, body) => {
    const material = await createMaterial()
    const plain = { requestClientCertificate: false, clientAuthoritiesPem: [] }
    const listener = await openTestListener({
      domains: domainsOf({ 'a.test.localhost': settingsOf(material, plain) }),
      handle: (exchange) =>
        exchange.respond({ status: 200, headers: [['X-A', '\xe9\xff']], close: true }, body()),
    })
    try {
      const client = await connectClient(listener.port)
      client.write('GET / HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n')
      expect(await readToEnd(client)).toContain('X-A: \xe9\xff\r\n')
    } finally {
      await listener.stop()
    }
  },
)
