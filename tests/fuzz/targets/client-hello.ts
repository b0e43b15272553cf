import { once } from 'node:events'
import { createServer } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { parseClientHello } from '@twinlatch/wire'
import { expectThat, type FuzzTarget } from '../target.ts'

/** The first flight of TLS clients: a part of a hello is never another hello. */
export const clientHello: FuzzTarget = {
  name: 'client-hello',
  kind: 'bytes',
  async corpus() {
    const real = await Promise.all([
      helloOf({ servername: 'a.mtls.localhost', ALPNProtocols: ['h2', 'http/1.1'] }),
      helloOf({ maxVersion: 'TLSv1.2', servername: 'b.example' }),
      helloOf({ minVersion: 'TLSv1.3' }),
    ])
    return [...real, ...real.map(inSmallRecords)]
  },
  run(input) {
    const result = parseClientHello(input)
    const prefix = parseClientHello(input.subarray(0, (input.length * 7) >> 3))
    if (result.kind === 'incomplete') {
      expectThat(result.needBytes > input.length, 'it waits for bytes that have not come yet')
    }
    if (result.kind !== 'hello') return false
    const { serverName, alpn } = result.hello
    expectThat(serverName === null || /^[a-z0-9._-]{1,255}$/.test(serverName), 'a host name')
    expectThat(
      alpn.every((name) => name !== ''),
      'protocols have names',
    )
    // A hello may be whole before the bytes end: what follows it is the business of TLS.
    const same = prefix.kind === 'hello' && JSON.stringify(prefix) === JSON.stringify(result)
    expectThat(prefix.kind === 'incomplete' || same, 'a part of a hello is no other hello')
    return true
  },
  refuses: () => false,
}

async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const client = connect({ host: '127.0.0.1', port, ...options }).on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  client.destroy()
  server.close()
  return bytes
}

/** The same hello, one record for every 16 bytes of it. */
function inSmallRecords(hello: Buffer): Buffer {
  const message = hello.subarray(5)
  const records = Array.from({ length: Math.ceil(message.length / 16) }, (_, index) => {
    const part = message.subarray(index * 16, index * 16 + 16)
    return Buffer.concat([Buffer.from([22, 3, 1, 0, part.length]), part])
  })
  return Buffer.concat(records)
}
