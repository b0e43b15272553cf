import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { UpstreamRequest } from '../upstream.ts'
import { ended, ok, poolOfEachTest } from './pool.fixture.ts'
import { answering, giveUp, type openScriptedServer, requestTo } from './upstream.fixture.ts'

const { pool, limit, open, get } = poolOfEachTest()

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
    ['without content that announces some', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
    [
      'without content that announces chunks',
      'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['with a second response after it', `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
  ])('after an answer %s', async (_name, answer) => {
    const server = await open(answering(answer))
    for (const _round of [1, 2]) expect((await get(server.port)).text).toMatch(/^(?:hello)?$/)
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

  test.each<[string, Partial<UpstreamRequest>]>([
    ['without a body', {}],
    ['with a stream as its body', { method: 'PUT', body: Readable.from([Buffer.from('x')]) }],
  ])(
    'when bytes came before a request %s was sent: they are not its answer',
    async (_name, changes) => {
      const server = await open(answering(ok))
      await get(server.port)
      // Timers run before anything is read: the bytes are there when the request is taken on.
      const answer = new Promise<Awaited<ReturnType<typeof get>>>((resolve, reject) => {
        setTimeout(() => {
          server.connections[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
          get(server.port, changes).then(resolve, reject)
        })
      })
      const text = await answer.then(
        (one) => one.text,
        () => 'failed',
      )
      expect(text).toBe(changes.body ? 'failed' : 'hello')
    },
  )

  test('for a request whose body fails before it was sent', async () => {
    const server = await open(answering(ok))
    await get(server.port)
    const body = new Readable({ read: () => {} })
    const answer = get(server.port, { method: 'PUT', body })
    body.destroy(new Error('the body broke'))
    await expect(answer).rejects.toMatchObject({ code: 'wire/aborted' })
    await ended(server.connections[0])
  })

  test('while it carries another exchange', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'))
    const first = await pool().request(requestTo(server.port))
    const second = await pool().request(requestTo(server.port))
    expect(server.connections).toHaveLength(2)
    for (const { body } of [first, second]) giveUp(body)
  })

  test('when its reader gave the answer up', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', ok))
    const { body } = await pool().request(requestTo(server.port))
    giveUp(body)
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

  test('by a request that cannot be sent: it stays for others', async () => {
    limit({ upstreamConnectionsMax: 1, upstreamConnectTimeoutMs: 200 })
    const server = await open(answering(ok))
    for (const _round of [1, 2]) {
      const unsendable = get(server.port, { headers: [['Host', 'a.example\r\nx: y']] })
      await expect(unsendable).rejects.toMatchObject({ code: 'wire/malformed-message' })
      expect((await get(server.port)).text).toBe('hello')
    }
    expect(server.connections).toHaveLength(1)
  })

  test('when the pool was stopped, even if it was opened by who had to wait', async () => {
    limit({ upstreamConnectionsMax: 1, upstreamConnectTimeoutMs: 200 })
    const server = await open((socket, index) => {
      if (index === 0) socket.once('data', () => socket.destroy())
      else answering(ok)(socket)
    })
    // The first fails and leaves the target without a connection; the second waited for that.
    const [first, second] = await Promise.allSettled([get(server.port), get(server.port)])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
    await pool().stop()
    await ended(server.connections[1])
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
