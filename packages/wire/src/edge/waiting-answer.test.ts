import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Exchange } from '../exchange.ts'
import { connectClient, readToEnd } from '../tls/listener.fixture.ts'
import { listenOn } from '../upstream/upstream.fixture.ts'
import { plainListeners } from './plain-listener.fixture.ts'

const openListener = plainListeners()
const refuse = (exchange: Exchange<string>) =>
  exchange.respond({ status: 403, headers: [] }, 'denied')

describe('an answer that waits for the end of the turn goes out', () => {
  test('to a client that closes its half right behind the request', async () => {
    const listener = await openListener({ handle: refuse })
    const client = await connectClient(listener.port)
    client.end('GET / HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n')
    expect(await readToEnd(client)).toMatch(/^HTTP\/1\.1 403 [\s\S]*denied$/)
  })

  test('when the next piece of the body is none, and came with the head', async () => {
    const listener = await openListener({ handle: refuse })
    const joining = await openJoiningProxy(listener.port)
    const client = await connectClient(joining.port)
    // The handshake is through the proxy: what follows is read by itself.
    client.setNoDelay(true)
    await after(100)
    client.write('POST / HTTP/1.1\r\nHost: a.test.localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
    client.write('3\r\nabc\r\nzz\r\n')
    expect(await readToEnd(client)).toMatch(/^HTTP\/1\.1 403 [\s\S]*denied$/)
    joining.stop()
  })
})

/** Passes on what the client sends in pieces of what came within 30 ms. */
async function openJoiningProxy(port: number): Promise<{ port: number; stop(): void }> {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const pieces: Buffer[] = []
    sockets.push(client, upstream)
    client.on('data', (piece: Buffer) => {
      if (pieces.push(piece) === 1) {
        setTimeout(() => upstream.write(Buffer.concat(pieces.splice(0))), 30)
      }
    })
    upstream.pipe(client)
  })
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: await listenOn(server), stop }
}
