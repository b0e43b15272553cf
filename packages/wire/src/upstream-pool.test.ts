import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { Secret, silentLogger } from '@twinlatch/kit'
import { createTestAuthority } from '@twinlatch/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UpstreamPool, UpstreamRequest, UpstreamTls } from './exchange.ts'
import type { WireLimits } from './limits.ts'
import { createMaterial, type Material } from './listener.fixture.ts'
import {
  answering,
  listenOn,
  openScriptedServer,
  requestTo,
  type ScriptedServer,
  textOf,
} from './upstream.fixture.ts'
import { createUpstreamPool } from './upstream-pool.ts'

let pool: UpstreamPool
const servers: { stop(): void }[] = []
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

beforeEach(() => {
  pool = createUpstreamPool({ log: silentLogger })
})
afterEach(async () => {
  await pool.stop()
  for (const server of servers.splice(0)) server.stop()
})

function limit(limits: Partial<WireLimits>): void {
  pool = createUpstreamPool({ limits, log: silentLogger })
}

async function open(...script: Parameters<typeof openScriptedServer>): Promise<ScriptedServer> {
  const server = await openScriptedServer(...script)
  servers.push(server)
  return server
}

/** Resolves when our side has closed a connection. */
async function ended(socket: Socket | undefined): Promise<void> {
  if (!socket) throw new Error('no such connection')
  if (!socket.readableEnded && !socket.destroyed) await once(socket, 'end')
}

const get = async (port: number, changes?: Partial<UpstreamRequest>) => {
  const response = await pool.request(requestTo(port, changes))
  return { ...response, text: await textOf(response.body) }
}

describe('a connection is used again', () => {
  test.each<[string, string, string]>([
    ['a length', ok, 'hello'],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      'hello',
    ],
    ['status 204', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['status 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ''],
    ['1xx first', `HTTP/1.1 103 Early Hints\r\n\r\n${ok}`, 'hello'],
  ])('after an answer framed by %s', async (_name, answer, text) => {
    const server = await open(answering(answer))
    for (const _round of [1, 2, 3]) expect((await get(server.port)).text).toBe(text)
    expect(server.connections).toHaveLength(1)
  })

  test('after an answer to HEAD', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'))
    for (const _round of [1, 2]) {
      const { headers, text } = await get(server.port, { method: 'HEAD' })
      expect(text).toBe('')
      expect(headers).toEqual([['Content-Length', '5']])
    }
    expect(server.connections).toHaveLength(1)
  })
})

describe('a connection is not used again', () => {
  test.each<[string, string]>([
    ['that says close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    ['with a byte after it', `${ok}X`],
    ['with a second response after it', `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
  ])('after an answer %s', async (_name, answer) => {
    const server = await open(answering(answer))
    for (const _round of [1, 2]) expect((await get(server.port)).text).toBe('hello')
    expect(server.connections).toHaveLength(2)
  })

  test('after an answer that the end of the connection ends', async () => {
    const server = await open((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'))
    })
    for (const _round of [1, 2]) expect((await get(server.port)).text).toBe('hello')
    expect(server.connections).toHaveLength(2)
  })

  test('once bytes came that nobody asked for', async () => {
    const server = await open((socket, index) => {
      answering(ok)(socket)
      if (index === 0) {
        socket.once('data', () =>
          setImmediate(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')),
        )
      }
    })
    expect((await get(server.port)).text).toBe('hello')
    await ended(server.connections[0])
    expect((await get(server.port)).text).toBe('hello')
  })

  test('while it carries another exchange', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'))
    const first = await pool.request(requestTo(server.port))
    const second = await pool.request(requestTo(server.port))
    expect(server.connections).toHaveLength(2)
    for (const { body } of [first, second]) body.destroy()
  })

  test('when its reader gave the answer up', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', ok))
    const { body } = await pool.request(requestTo(server.port))
    body.destroy()
    await ended(server.connections[0])
    expect((await get(server.port)).text).toBe('hello')
    expect(server.connections).toHaveLength(2)
  })

  test('when it was idle for longer than the limit', async () => {
    limit({ upstreamIdleTimeoutMs: 20 })
    const server = await open(answering(ok))
    await get(server.port)
    await ended(server.connections[0])
    await get(server.port)
    expect(server.connections).toHaveLength(2)
  })

  test('for a request that cannot be sent twice, unless it was used just now', async () => {
    limit({ upstreamUnrepeatableIdleMs: 1 })
    const server = await open(answering(ok))
    await get(server.port)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await get(server.port, { method: 'POST' })
    expect(server.connections).toHaveLength(2)
  })
})

describe('a kept connection that the upstream closes as it is used', () => {
  /** Answers once on the first connection and closes at the second request on it. */
  const closing = (
    socket: Parameters<Parameters<typeof openScriptedServer>[0] & object>[0],
    index: number,
  ) => {
    if (index > 0) return answering(ok)(socket)
    let count = 0
    socket.on('data', () => {
      count += 1
      if (count === 1) socket.write(ok)
      else socket.destroy()
    })
  }

  test('is replaced by a new one for a request that may be sent twice', async () => {
    const server = await open(closing)
    await get(server.port)
    expect((await get(server.port)).text).toBe('hello')
    expect(server.connections).toHaveLength(2)
  })

  test.each<[string, Partial<UpstreamRequest>]>([
    ['POST', { method: 'POST' }],
    ['PUT with a body', { method: 'PUT', body: Readable.from([Buffer.from('x')]) }],
  ])('fails for %s', async (_name, changes) => {
    const server = await open(closing)
    await get(server.port)
    await expect(get(server.port, changes)).rejects.toMatchObject({
      code: expect.stringMatching(/^wire\/upstream-(closed|reset)$/),
    })
    expect(server.connections).toHaveLength(1)
  })

  test('fails when a byte of an answer had come', async () => {
    const server = await open((socket, index) => {
      let count = 0
      socket.on('data', () => {
        count += 1
        if (count === 1 && index === 0) socket.write(ok)
        else socket.end('HTTP/1.1 2')
      })
    })
    await get(server.port)
    await expect(get(server.port)).rejects.toMatchObject({ code: 'wire/upstream-closed' })
    expect(server.connections).toHaveLength(1)
  })

  test('is tried once more only', async () => {
    let count = 0
    const server = await open((socket) => {
      socket.on('data', () => {
        count += 1
        if (count === 1) socket.write(ok)
        else socket.destroy()
      })
    })
    await get(server.port)
    await expect(get(server.port)).rejects.toThrow()
    expect(server.connections).toHaveLength(2)
  })
})

describe('an upstream that fails is named', () => {
  test('that refuses the connection', async () => {
    const server = await open()
    server.stop()
    await expect(get(server.port)).rejects.toMatchObject({ code: 'wire/upstream-refused' })
  })

  test.each<[string, string, string]>([
    ['closes without a word', '', 'wire/upstream-closed'],
    ['closes in the head', 'HTTP/1.1 200 OK\r\nX', 'wire/upstream-closed'],
    ['sends garbage', 'garbage', 'wire/upstream-protocol'],
    [
      'sends two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
      'wire/upstream-protocol',
    ],
  ])('that %s', async (_name, answer, code) => {
    const server = await open((socket) => {
      socket.once('data', () => socket.end(answer))
    })
    await expect(get(server.port)).rejects.toMatchObject({ code })
  })

  test.each<[string, string, string]>([
    [
      'closes in the body',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
      'wire/upstream-closed',
    ],
    [
      'sends a bad chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n',
      'wire/upstream-protocol',
    ],
  ])('that %s, as an error of the body', async (_name, answer, code) => {
    const server = await open((socket) => {
      socket.once('data', () => socket.end(answer))
    })
    const { body } = await pool.request(requestTo(server.port))
    await expect(textOf(body)).rejects.toMatchObject({ code })
  })

  test('that resets the connection', async () => {
    const server = await open((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    await expect(get(server.port)).rejects.toMatchObject({ code: 'wire/upstream-reset' })
  })

  test('that is silent for longer than the limit', async () => {
    limit({ upstreamExchangeIdleTimeoutMs: 30 })
    const server = await open()
    await expect(get(server.port)).rejects.toMatchObject({ code: 'wire/upstream-timeout' })
  })

  test('that is too busy: more requests wait than the limit, or too long', async () => {
    limit({ upstreamConnectionsMax: 1, upstreamWaitingMax: 1, upstreamConnectTimeoutMs: 50 })
    const server = await open()
    const abort = new AbortController()
    const first = pool.request(requestTo(server.port, { signal: abort.signal }))
    const second = pool.request(requestTo(server.port))
    await expect(get(server.port)).rejects.toMatchObject({ code: 'wire/upstream-overloaded' })
    await expect(second).rejects.toMatchObject({ code: 'wire/upstream-timeout' })
    abort.abort()
    await expect(first).rejects.toMatchObject({ code: 'wire/aborted' })
  })

  test('that becomes free serves who waits', async () => {
    limit({ upstreamConnectionsMax: 1 })
    const server = await open(answering(ok))
    const answers = await Promise.all([1, 2, 3, 4].map(() => get(server.port)))
    expect(answers.map(({ text }) => text)).toEqual(['hello', 'hello', 'hello', 'hello'])
    expect(server.connections).toHaveLength(1)
  })
})

describe('a caller that gives up', () => {
  test('before the answer ends the connection', async () => {
    const server = await open()
    const abort = new AbortController()
    const request = pool.request(requestTo(server.port, { signal: abort.signal }))
    await server.received(0, /\r\n\r\n/)
    abort.abort()
    await expect(request).rejects.toMatchObject({ code: 'wire/aborted' })
    await ended(server.connections[0])
  })

  test('during the answer ends the body with an error', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'))
    const abort = new AbortController()
    const { body } = await pool.request(requestTo(server.port, { signal: abort.signal }))
    const text = textOf(body)
    abort.abort()
    await expect(text).rejects.toMatchObject({ code: 'wire/aborted' })
  })

  test('before it began sends nothing', async () => {
    const server = await open()
    await expect(get(server.port, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'wire/aborted',
    })
    expect(server.connections).toEqual([])
  })
})

describe('a request body', () => {
  test('of known length is sent as it is, of unknown length in chunks', async () => {
    const server = await open(answering(ok))
    const body = () => Readable.from([Buffer.from('hel'), Buffer.from('lo')])
    await get(server.port, {
      method: 'POST',
      body: body(),
      headers: [
        ['Host', 'a'],
        ['Content-Length', '5'],
      ],
    })
    expect(await server.received(0, /hello$/)).toMatch(/\r\ncontent-length: 5\r\n\r\nhello$/)
  })

  test('of unknown length goes in chunks', async () => {
    const server = await open((socket) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += String(chunk)
        if (/(?:0|a\.example)\r\n\r\n$/.test(text)) socket.write(ok)
      })
    })
    const body = Readable.from([Buffer.from('hel'), Buffer.from('lo')])
    expect((await get(server.port, { method: 'POST', body })).text).toBe('hello')
    expect(await server.received(0, /0\r\n\r\n$/)).toMatch(
      /\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n$/,
    )
    await get(server.port)
    expect(server.connections).toHaveLength(1)
  })

  test.each([
    ['longer', 'hello!', 'wire/malformed-message'],
    ['shorter', 'hell', 'wire/malformed-message'],
  ])('%s than announced ends the connection', async (_name, text, code) => {
    const server = await open()
    const headers = [
      ['Host', 'a'],
      ['Content-Length', '5'],
    ] as const
    const body = Readable.from([Buffer.from(text)])
    await expect(get(server.port, { method: 'POST', body, headers })).rejects.toMatchObject({
      code,
    })
  })

  test('that fails ends the connection', async () => {
    const server = await open()
    const body = new Readable({ read() {} })
    const request = get(server.port, { method: 'POST', body })
    await server.received(0, /\r\n\r\n/)
    body.destroy(new Error('client gone'))
    await expect(request).rejects.toMatchObject({ code: 'wire/aborted' })
  })

  test('may still be under way when the answer comes; the connection is not used again', async () => {
    const server = await open(
      answering('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 5\r\n\r\nlarge'),
    )
    const body = new Readable({ read() {} })
    body.push('part')
    const response = await get(server.port, { method: 'POST', body })
    expect(response).toMatchObject({ status: 413, text: 'large' })
    await get(server.port)
    expect(server.connections).toHaveLength(2)
  })
})

describe('a TLS upstream', () => {
  let material: Material
  beforeAll(async () => {
    material = await createMaterial(createTestAuthority)
  })

  async function openTls(options: TlsOptions = {}, onPeer: (socket: TLSSocket) => void = () => {}) {
    const server = createTlsServer(
      { cert: material.serverChainPem, key: material.serverKeyPem, ca: [], ...options },
      (socket) => {
        onPeer(socket)
        socket.on('error', () => {})
        answering(ok)(socket)
      },
    )
    server.on('tlsClientError', () => {})
    const port = await listenOn(server)
    servers.push({ stop: () => server.close() })
    return port
  }

  const trust = (changes: Partial<UpstreamTls> = {}): UpstreamTls => ({
    serverName: 'a.test.localhost',
    authoritiesPem: [material.server.rootPem],
    certificateChainPem: null,
    privateKeyPem: null,
    ...changes,
  })
  const call = (port: number, tls: UpstreamTls, host = 'a.test.localhost') =>
    get(port, { target: { host, port, tls } })
  const mutual: TlsOptions = { requestCert: true, rejectUnauthorized: true }

  test('is called under a .localhost name, its name sent and verified', async () => {
    let name: string | false | null = null
    const port = await openTls({}, (socket) => {
      name = socket.servername
    })
    expect((await call(port, trust())).text).toBe('hello')
    expect(name).toBe('a.test.localhost')
  })

  test('gets our certificate with its chain', async () => {
    const peers: string[] = []
    const port = await openTls({ ...mutual, ca: [material.alpha.rootPem] }, (socket) => {
      peers.push(socket.getPeerX509Certificate()?.subject ?? '')
    })
    const leaf = await material.alpha.issue({ subject: 'CN=poster' })
    const identity = {
      certificateChainPem: leaf.chainPem,
      privateKeyPem: new Secret(leaf.privateKeyPem),
    }
    expect((await call(port, trust(identity))).text).toBe('hello')
    expect(peers).toEqual(['CN=poster'])
  })

  test('never carries a request of one identity on the connection of another', async () => {
    const peers: string[] = []
    const port = await openTls({ ...mutual, ca: [material.alpha.rootPem] }, (socket) => {
      peers.push(socket.getPeerX509Certificate()?.subject ?? '')
    })
    const identities = await Promise.all(
      ['CN=one', 'CN=two'].map(async (subject) => {
        const leaf = await material.alpha.issue({ subject })
        return trust({
          certificateChainPem: leaf.chainPem,
          privateKeyPem: new Secret(leaf.privateKeyPem),
        })
      }),
    )
    for (const _round of [1, 2]) {
      for (const tls of identities) await call(port, tls)
    }
    expect(peers).toEqual(['CN=one', 'CN=two'])
  })

  test.each<[string, () => Partial<UpstreamTls>, string]>([
    [
      'of an authority that we do not trust',
      () => ({ authoritiesPem: [material.alpha.rootPem] }),
      'wire/upstream-tls-untrusted',
    ],
    ['when we trust nobody', () => ({ authoritiesPem: [] }), 'wire/upstream-tls-untrusted'],
    ['with another name', () => ({ serverName: 'else.test.localhost' }), 'wire/upstream-tls-name'],
    ['with another address', () => ({ serverName: '127.0.0.1' }), 'wire/upstream-tls-name'],
    [
      'with a key that is not ours',
      () => ({ certificateChainPem: material.serverChainPem, privateKeyPem: new Secret('x') }),
      'wire/unusable-certificate',
    ],
  ])('is refused %s', async (_name, changes, code) => {
    const port = await openTls()
    await expect(call(port, trust(changes()))).rejects.toMatchObject({ code })
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that wanted a client certificate says so (%s)',
    async (version) => {
      const port = await openTls({ ...mutual, ca: [material.alpha.rootPem], maxVersion: version })
      await expect(call(port, trust())).rejects.toMatchObject({
        code: 'wire/upstream-wanted-client-certificate',
      })
    },
  )

  test('that does not take our certificate says so', async () => {
    const port = await openTls({ ...mutual, ca: [material.alpha.rootPem] })
    const leaf = await material.beta.issue({ subject: 'CN=stranger' })
    const identity = {
      certificateChainPem: leaf.chainPem,
      privateKeyPem: new Secret(leaf.privateKeyPem),
    }
    await expect(call(port, trust(identity))).rejects.toMatchObject({
      code: expect.stringMatching(/^wire\/upstream-(tls-failed|reset|closed)$/),
    })
  })

  test('that speaks no TLS is named', async () => {
    const server = await open((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    await expect(call(server.port, trust())).rejects.toMatchObject({
      code: 'wire/upstream-tls-failed',
    })
  })

  test('that does not finish the handshake in time is named', async () => {
    limit({ upstreamConnectTimeoutMs: 50 })
    const server = await open()
    await expect(call(server.port, trust())).rejects.toMatchObject({
      code: 'wire/upstream-timeout',
    })
  })
})
