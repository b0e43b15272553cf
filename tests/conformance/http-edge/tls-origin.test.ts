import { once } from 'node:events'
import { createServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { get } from './cases/case.ts'
import { createEdgeMaterial, type Edge, type EdgeMaterial, host, openEdge } from './edge.ts'
import { readToEnd } from './raw-client.ts'

vi.setConfig({ testTimeout: 10_000 })

let material: EdgeMaterial
let edge: Edge
let stop = () => {}
beforeAll(async () => {
  material = await createEdgeMaterial()
})
afterEach(async () => {
  await edge.stop()
  stop()
})

/** An origin that speaks TLS and plays `script` on each connection behind the first bytes. */
async function openTlsOrigin(script: (socket: TLSSocket) => void): Promise<void> {
  const { chainPem, privateKeyPem } = material.server
  const server = createServer({ cert: chainPem, key: privateKeyPem }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', () => script(socket))
  })
  const raw: { destroy(): void }[] = []
  server.on('connection', (socket) => raw.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stop = () => {
    for (const socket of raw) socket.destroy()
    server.close()
  }
  const address = server.address()
  edge = await openEdge(material, {
    upstreamPort: address !== null && typeof address === 'object' ? address.port : 0,
    upstreamTls: {
      serverName: host,
      authoritiesPem: [material.authority.rootPem],
      certificateChainPem: null,
      privateKeyPem: null,
    },
  })
}

async function answerOf(script: (socket: TLSSocket) => void): Promise<string> {
  await openTlsOrigin(script)
  const client = await edge.connect()
  const text = readToEnd(client)
  client.write(get('Connection: close'))
  return text
}

const half = 'half of a payment'

/** An end of TCP without an end of TLS: what anybody on the path can make (RFC 9112 section 9.8). */
function cut(socket: TLSSocket, text: string): void {
  socket.write(text, () => socket.destroy())
}

test('a whole answer passes', async () => {
  const text = await answerOf((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
  })
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*hello$/)
})

test.each<[string, (socket: TLSSocket, text: string) => void]>([
  ['cut', cut],
  ['ended', (socket, text) => socket.end(text)],
])('an answer that only the end of the connection would end is refused, %s', async (_name, end) => {
  const text = await answerOf((socket) => end(socket, `HTTP/1.1 200 OK\r\n\r\n${half}`))
  expect(text).toMatch(/^HTTP\/1\.1 502 /)
  expect(text).not.toContain(half)
  expect(edge.seen.upstreamErrors).toEqual(['wire/upstream-protocol'])
})

test.each([
  ['length', `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${half}`],
  ['chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n${half}\r\n`],
])('an answer by %s that is cut never looks whole', async (_name, says) => {
  const text = await answerOf((socket) => cut(socket, says))
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/)
  const announced = /content-length: ([0-9]+)/i.exec(text)?.[1]
  if (announced) expect(text.split('\r\n\r\n')[1]?.length).toBeLessThan(Number(announced))
  await edge.until(() => edge.seen.upstreamErrors.length === 1)
})
