import { describe, expect, test } from 'vitest'
import type { AbortNotice } from '../abort-notice.ts'
import type { Exchange } from '../exchange.ts'
import { connectClient, readToEnd, readUntil } from '../tls/listener.fixture.ts'
import { textOf } from '../upstream/upstream.fixture.ts'
import { plainListeners, sendTo } from './plain-listener.fixture.ts'

const openPlain = plainListeners()
const H = 'Host: a.test.localhost\r\n'
const chunked = (body: string) => `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${body}`

/** Resolves when the signal is aborted; the test's time limit is the failure. */
async function aborted(signal: AbortNotice | undefined): Promise<void> {
  if (!signal) throw new Error('no handler was called')
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', resolve))
}

const echo = async (exchange: Exchange<string>) => {
  const text = JSON.stringify({
    target: exchange.request.target,
    headers: exchange.request.headers,
  })
  await exchange.respond({ status: 200, headers: [['X-Echo', 'yes']] }, text)
}

describe('passed', () => {
  test.each<[string, string]>([
    ['an empty line before the request', `\r\nGET / HTTP/1.1\r\n${H}\r\n`],
    ['a name with _', `GET / HTTP/1.1\r\n${H}X_A: 1\r\n\r\n`],
    ['a byte above 0x7f and a TAB in a value', `GET / HTTP/1.1\r\n${H}X: \xe4\ta\r\n\r\n`],
    ['an absolute target of the same host', `GET http://a.test.localhost/ HTTP/1.1\r\n${H}\r\n`],
    [
      'an upgrade to h2c, ignored',
      `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    ],
    ['100 header lines', `GET / HTTP/1.1\r\n${H}${'X: a\r\n'.repeat(99)}\r\n`],
  ])('%s', async (_name, text) => {
    const listener = await openPlain({ handle: echo })
    const client = await sendTo(listener, text)
    expect(await readUntil(client, /\}$/)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(listener.handled[0]?.request.target).toBe('/')
    client.destroy()
  })

  test.each<[string, string]>([
    ['chunk extensions, dropped', '5;a=b;c="d e"\r\nhello\r\n0\r\n\r\n'],
    ['leading zeros in a size', '0005\r\nhello\r\n0\r\n\r\n'],
    ['trailers, dropped', '5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n'],
  ])('a chunked body with %s', async (_name, body) => {
    let received = ''
    const listener = await openPlain({
      handle: async (exchange) => {
        received = await textOf(exchange.body ?? Buffer.alloc(0))
        await echo(exchange)
      },
    })
    const client = await sendTo(listener, chunked(body))
    const answer = await readUntil(client, /\}$/)
    expect(received).toBe('hello')
    expect(answer).not.toContain('Trailer')
    client.destroy()
  })

  test('values of header lines arrive as bytes, and leave as bytes', async () => {
    const listener = await openPlain({
      handle: (exchange) =>
        exchange.respond(
          { status: 200, headers: exchange.request.headers.filter(([name]) => name === 'X-Bytes') },
          'hello',
        ),
    })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}X-Bytes: \xc3\xa4\xff\r\n\r\n`)
    expect(await readUntil(client, /hello$/)).toContain('X-Bytes: \xc3\xa4\xff\r\n')
    client.destroy()
  })

  test('Expect: 100-continue is answered at once, before the handler, and removed', async () => {
    let continued = ''
    const listener = await openPlain({
      handle: async (exchange) => {
        continued = await textOf(exchange.body ?? Buffer.alloc(0))
        await echo(exchange)
      },
    })
    const client = await sendTo(
      listener,
      `POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    )
    expect(await readUntil(client, /\r\n\r\n$/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.write('hello')
    expect(await readUntil(client, /\}$/)).toMatch(/^HTTP\/1\.1 200/)
    expect(continued).toBe('hello')
    expect(listener.handled[0]?.request.headers.map(([name]) => name)).not.toContain('Expect')
    client.destroy()
  })

  test('another expectation is passed on', async () => {
    const listener = await openPlain({ handle: echo })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}Expect: tea\r\n\r\n`)
    expect(await readUntil(client, /\}$/)).toContain('["Expect","tea"]')
    client.destroy()
  })
})

describe('a connection', () => {
  test('is kept alive, without a word about it', async () => {
    const listener = await openPlain({ handle: echo })
    const client = await sendTo(listener, `GET /1 HTTP/1.1\r\n${H}\r\n`)
    expect(await readUntil(client, /\}$/)).not.toMatch(/\r\n(connection|keep-alive):/i)
    client.write(`GET /2 HTTP/1.1\r\n${H}\r\n`)
    expect(await readUntil(client, /\}$/)).toContain('/2')
    client.destroy()
  })

  test('serves pipelined requests one after the other, in order', async () => {
    let running = 0
    const listener = await openPlain({
      handle: async (exchange) => {
        running += 1
        expect(running).toBe(1)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        await exchange.respond({ status: 200, headers: [] }, `[${exchange.request.target}]`)
      },
    })
    const requests = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\n${H}\r\n`)
    const client = await sendTo(listener, requests.join(''))
    const answers = await readUntil(client, /\[\/3\]/)
    expect(answers.match(/\[[^\]]+\]/g)).toEqual(['[/1]', '[/2]', '[/3]'])
    client.destroy()
  })

  test('answers what was right before a pipelined fault, then the fault, then nothing', async () => {
    const listener = await openPlain({ handle: echo })
    const good = `GET /1 HTTP/1.1\r\n${H}\r\n`
    const client = await sendTo(
      listener,
      `${good}GET /2 HTTP/1.1\r\n${H}${H}\r\nGET /3 HTTP/1.1\r\n${H}\r\n`,
    )
    expect((await readToEnd(client)).match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 400',
    ])
    const garbled = await sendTo(listener, `${good}BAD\r\n\r\n${good}`)
    expect((await readToEnd(garbled)).match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 400',
    ])
    expect(listener.handled.map(({ request }) => request.target)).toEqual(['/1', '/1'])
  })

  test('takes nothing after a request that announced to be the last', async () => {
    const listener = await openPlain({ handle: echo })
    const client = await sendTo(
      listener,
      `GET /1 HTTP/1.1\r\n${H}Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n${H}\r\n`,
    )
    expect((await readToEnd(client)).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
    expect(listener.edgeFaults).toEqual([])
  })

  test('is read no further when much is pipelined, and everything is answered in the end', async () => {
    const listener = await openPlain({ limits: { pipelinedBytesMax: 100 } })
    const last = `GET /last HTTP/1.1\r\n${H}Connection: close\r\n\r\n`
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}\r\n`.repeat(200) + last)
    expect((await readToEnd(client)).match(/HTTP\/1\.1 200/g)).toHaveLength(201)
    expect(listener.handled.at(-1)?.request.target).toBe('/last')
  })

  test('whose headers trickle is answered 408 after the limit, however many bytes come', async () => {
    const listener = await openPlain({ limits: { requestHeadersTimeoutMs: 100 } })
    const client = await sendTo(listener, `GET / HTTP/1.1\r\n${H}X: `)
    const trickle = setInterval(() => client.write('a'), 10)
    const answer = await readToEnd(client)
    clearInterval(trickle)
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(listener.edgeFaults[0]?.status).toBe(408)
  })

  test('on which nothing was sent ends after the limit without an answer or a fault', async () => {
    const listener = await openPlain({ limits: { requestHeadersTimeoutMs: 50 } })
    expect(await readToEnd(await connectClient(listener.port))).toBe('')
    expect(listener.edgeFaults).toEqual([])
  })

  test('whose body stalls ends after the idle limit', async () => {
    const listener = await openPlain({
      handle: () => new Promise(() => {}),
      limits: { exchangeIdleTimeoutMs: 100 },
    })
    const client = await sendTo(listener, `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\nhe`)
    expect(await readToEnd(client)).toBe('')
    await aborted(listener.handled[0]?.signal)
  })
})
