import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import type { Exchange } from '../exchange.ts'
import { readToEnd, readUntil } from '../tls/listener.fixture.ts'
import { plainListeners, sendTo } from './plain-listener.fixture.ts'

const openPlain = plainListeners()
const H = 'Host: a.test.localhost\r\n'

describe('an answer', () => {
  test.each<[string, string, number, string | undefined, RegExp]>([
    [
      'to HEAD has the length and no body',
      'HEAD',
      200,
      'hello',
      /\r\ncontent-length: 5\r\n(?:.*\r\n)*\r\n$/,
    ],
    [
      '204 has neither',
      'GET',
      204,
      undefined,
      /^HTTP\/1\.1 204 No Content\r\n(?:(?!content-length).*\r\n)*\r\n$/i,
    ],
    ['without a body has length 0', 'GET', 200, undefined, /\r\ncontent-length: 0\r\n/],
  ])('%s', async (_name, method, status, body, pattern) => {
    const listener = await openPlain({
      handle: (exchange) => exchange.respond({ status, headers: [] }, body),
    })
    const client = await sendTo(listener, `${method} / HTTP/1.1\r\n${H}\r\n`)
    expect(await readUntil(client, /\r\n\r\n/)).toMatch(pattern)
    client.destroy()
  })

  test('that its handler does not wait for breaks nothing when the client goes away', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const over = Promise.withResolvers<void>()
    const listener = await openPlain({
      async handle(exchange) {
        void exchange.respond({ status: 200, headers: [] }, new Readable({ read() {} }))
        await new Promise<void>((resolve) => exchange.signal.addEventListener('abort', resolve))
        over.resolve()
      },
    })
    try {
      const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`)
      await readUntil(client, /\r\n\r\n/)
      client.destroy()
      await over.promise
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })

  test('to HEAD says no length that nobody announced, whatever stands for its empty body', async () => {
    const listener = await openPlain({
      handle: (exchange) => exchange.respond({ status: 200, headers: [] }, Buffer.alloc(0)),
    })
    const client = await sendTo(listener, `HEAD / HTTP/1.1\r\n${H}\r\n`)
    expect(await readUntil(client, /\r\n\r\n/)).not.toMatch(/content-length|transfer-encoding/i)
    client.destroy()
  })

  test('of unknown length goes in chunks, one of known length keeps it', async () => {
    const listener = await openPlain({
      handle: (exchange) =>
        exchange.respond(
          {
            status: 200,
            headers: exchange.request.target === '/known' ? [['content-length', '5']] : [],
          },
          Readable.from([Buffer.from('hel'), Buffer.from('lo')]),
        ),
    })
    const client = await sendTo(listener, `GET /unknown HTTP/1.1\r\n${H}\r\n`)
    expect(await readUntil(client, /0\r\n\r\n$/)).toMatch(
      /transfer-encoding: chunked[\s\S]*3\r\nhel\r\n2\r\nlo\r\n/i,
    )
    client.write(`GET /known HTTP/1.1\r\n${H}\r\n`)
    expect(await readUntil(client, /hello$/)).toMatch(/content-length: 5\r\n/)
    client.destroy()
  })

  test.each([
    ['longer', 'hello!!'],
    ['shorter', 'hel'],
  ])('with a stream %s than announced breaks the connection off', async (_name, text) => {
    const listener = await openPlain({
      handle: (exchange) =>
        exchange.respond(
          { status: 200, headers: [['content-length', '5']] },
          Readable.from([Buffer.from(text)]),
        ),
    })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`)
    const body = (await readToEnd(client)).split('\r\n\r\n')[1] ?? ''
    expect(body.length).toBeLessThan(5)
  })

  test('whose stream fails breaks the connection off instead of ending the body', async () => {
    const listener = await openPlain({
      handle: (exchange) => {
        const body = new Readable({ read() {} })
        body.push('part')
        setImmediate(() => body.destroy(new Error('upstream gone')))
        return exchange.respond({ status: 200, headers: [] }, body)
      },
    })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`)
    expect(await readToEnd(client)).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test('with a stream that was read already breaks the connection off', async () => {
    const listener = await openPlain({
      handle: async (exchange) => {
        const body = Readable.from([Buffer.from('gone')])
        for await (const _piece of body) void _piece
        await exchange.respond({ status: 200, headers: [] }, body)
      },
    })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`)
    expect(await readToEnd(client)).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test('with a stream that goes on for longer than announced lets go of it', async () => {
    const body = new Readable({
      read() {
        this.push(Buffer.alloc(1_000))
      },
    })
    const listener = await openPlain({
      handle: (exchange) =>
        exchange.respond({ status: 200, headers: [['content-length', '5']] }, body),
    })
    await readToEnd(await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`))
    await expect.poll(() => body.destroyed).toBe(true)
  })

  test('before the request body was read closes the connection', async () => {
    const listener = await openPlain({})
    const client = await sendTo(
      listener,
      `POST / HTTP/1.1\r\n${H}Content-Length: 1000000\r\n\r\npart`,
    )
    expect(await readToEnd(client)).toMatch(/\r\nconnection: close\r\n[\s\S]*hello$/)
  })

  test('drops hop-by-hop fields and cannot be split by a value', async () => {
    const listener = await openPlain({
      handle: async (exchange) => {
        await exchange.respond(
          {
            status: 200,
            headers: [
              ['Keep-Alive', 'x'],
              ['Connection', 'y'],
              ['X-A', '1'],
            ],
          },
          'hello',
        )
      },
    })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`)
    const answer = await readUntil(client, /hello$/)
    expect(answer).toContain('X-A: 1')
    expect(answer).not.toMatch(/keep-alive|connection|\bY\b/i)
    client.destroy()
  })

  test.each<[string, (exchange: Exchange<string>) => Promise<void>]>([
    ['that fails', () => Promise.reject(new Error('secret detail'))],
    [
      'that throws',
      () => {
        throw new Error('secret detail')
      },
    ],
    ['that answers nothing', () => Promise.resolve()],
    [
      'that answers what a client takes for no final answer',
      (exchange) => exchange.respond({ status: 103, headers: [] }),
    ],
    [
      'that answers a line end in a value',
      (exchange) => exchange.respond({ status: 200, headers: [['X', 'a\r\nB: c']] }, 'x'),
    ],
  ])('of a handler %s is a 500 without detail and a close', async (_name, handle) => {
    const listener = await openPlain({ handle })
    const answer = await readToEnd(await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`))
    expect(answer).toMatch(/^HTTP\/1\.1 500 /)
    expect(answer).toMatch(/\r\nconnection: close\r\n/)
    expect(answer).not.toContain('secret')
  })
})
