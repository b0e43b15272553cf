import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ended, ok, poolOfEachTest } from './pool.fixture.ts'
import { answering, requestTo, textOf } from './upstream.fixture.ts'

const { pool, limit, open, get } = poolOfEachTest()

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
      'sends a chunk that ends too early',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
      'wire/upstream-closed',
    ],
  ])('that %s, as an error of the body', async (_name, answer, code) => {
    const server = await open((socket) => {
      socket.once('data', () => socket.end(answer))
    })
    const { body } = await pool().request(requestTo(server.port))
    await expect(textOf(body)).rejects.toMatchObject({ code })
  })

  test('that sends a bad chunk behind its head, before there is an answer', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n'
    const server = await open((socket) => {
      socket.once('data', () => socket.end(answer))
    })
    await expect(get(server.port)).rejects.toMatchObject({ code: 'wire/upstream-protocol' })
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
    const first = pool().request(requestTo(server.port, { signal: abort.signal }))
    const second = pool().request(requestTo(server.port))
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
    const request = pool().request(requestTo(server.port, { signal: abort.signal }))
    await server.received(0, /\r\n\r\n/)
    abort.abort()
    await expect(request).rejects.toMatchObject({ code: 'wire/aborted' })
    await ended(server.connections[0])
  })

  test('during the answer ends the body with an error', async () => {
    const server = await open(answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'))
    const abort = new AbortController()
    const { body } = await pool().request(requestTo(server.port, { signal: abort.signal }))
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
