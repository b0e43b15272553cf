import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AbortNotice } from '../abort-notice.ts'
import { readToEnd, type TestListener } from '../tls/listener.fixture.ts'
import { textOf } from '../upstream/upstream.fixture.ts'
import { plainListeners, sendTo } from './plain-listener.fixture.ts'

const openPlain = plainListeners()
let shared: TestListener
beforeAll(async () => {
  shared = await openPlain({ keep: true })
})
afterAll(() => shared.stop())

const H = 'Host: a.test.localhost\r\n'
const chunked = (body: string) => `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${body}`
const withLine = (line: string) => `POST / HTTP/1.1\r\n${H}${line}\r\n\r\n`

/** gateway.md section 9.4, last column, as bytes on a real connection. */
describe('refused with its status, an id and a close', () => {
  test.each<[string, string, number]>([
    ['two Host lines', `GET / HTTP/1.1\r\n${H}${H}\r\n`, 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
    ['a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
    ['a Host with a byte above 0x7f', 'GET / HTTP/1.1\r\nHost: a\xe4\r\n\r\n', 400],
    ['HTTP/1.0', `GET / HTTP/1.0\r\n${H}\r\n`, 426],
    ['HTTP/0.9', 'GET / HTTP/0.9\r\n\r\n', 426],
    ['no version', 'GET /\r\n\r\n', 426],
    ['HTTP/1.2', `GET / HTTP/1.2\r\n${H}\r\n`, 426],
    ['HTTP/2.0', `GET / HTTP/2.0\r\n${H}\r\n`, 426],
    ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 426],
    ['another protocol name', `GET / HTTX/1.1\r\n${H}\r\n`, 400],
    ['a lower-case method', `get / HTTP/1.1\r\n${H}\r\n`, 400],
    ['an unknown method', `FOO / HTTP/1.1\r\n${H}\r\n`, 400],
    ['a TAB after the method', `GET\t/ HTTP/1.1\r\n${H}\r\n`, 400],
    ['a TAB before the version', `GET /\tHTTP/1.1\r\n${H}\r\n`, 400],
    ['a space after the version', `GET / HTTP/1.1 \r\n${H}\r\n`, 400],
    ['NUL in the path', `GET /a\0b HTTP/1.1\r\n${H}\r\n`, 400],
    ['DEL in the path', `GET /a\x7fb HTTP/1.1\r\n${H}\r\n`, 400],
    ['a byte above 0x7f in the path', `GET /\xe4 HTTP/1.1\r\n${H}\r\n`, 400],
    ['a space in the path', `GET /a b HTTP/1.1\r\n${H}\r\n`, 400],
    ['a path without a slash', `GET a HTTP/1.1\r\n${H}\r\n`, 400],
    ['an absolute target of another host', `GET http://b.example/ HTTP/1.1\r\n${H}\r\n`, 400],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${H}\r\n`, 404],
    ['CONNECT', `CONNECT b.example:443 HTTP/1.1\r\n${H}\r\n`, 404],
    ['CONNECT with a path', `CONNECT /x HTTP/1.1\r\n${H}\r\n`, 400],
    ['NUL in a value', withLine('X: a\0b'), 400],
    ['a control character in a value', withLine('X: a\x01b'), 400],
    ['DEL in a value', withLine('X: a\x7fb'), 400],
    ['a space before the colon', withLine('X : a'), 400],
    ['a TAB before the colon', withLine('X\t: a'), 400],
    ['no colon', withLine('Xa'), 400],
    ['an empty name', withLine(': a'), 400],
    ['a name that is no token', withLine('X(: a'), 400],
    ['a folded line', withLine('X: a\r\n b'), 400],
    ['a folded line after an empty value', withLine('Transfer-Encoding:\r\n chunked'), 400],
    ['a folded first line', `GET / HTTP/1.1\r\n ${H}\r\n`, 400],
    ['a bare LF after the request line', `GET / HTTP/1.1\n${H}\r\n`, 400],
    ['a bare LF after a line', `GET / HTTP/1.1\r\nHost: a.test.localhost\n\r\n`, 400],
    ['a bare LF at the end', `GET / HTTP/1.1\r\n${H}\n`, 400],
    ['a bare CR in a line', withLine('X: 1\rX-B: 2'), 400],
    [
      'Content-Length and chunked',
      withLine('Content-Length: 5\r\nTransfer-Encoding: chunked'),
      400,
    ],
    [
      'chunked and Content-Length',
      withLine('Transfer-Encoding: chunked\r\nContent-Length: 5'),
      400,
    ],
    [
      'identity and Content-Length',
      withLine('Transfer-Encoding: identity\r\nContent-Length: 5'),
      400,
    ],
    ['Content-Length twice', withLine('Content-Length: 5\r\nContent-Length: 5'), 400],
    ['a list of lengths', withLine('Content-Length: 5, 5'), 400],
    ['a signed length', withLine('Content-Length: +5'), 400],
    ['a hexadecimal length', withLine('Content-Length: 0x5'), 400],
    ['an empty length', withLine('Content-Length:'), 400],
    ['a length above 2^64', withLine('Content-Length: 18446744073709551617'), 400],
    ['gzip as transfer coding', withLine('Transfer-Encoding: gzip'), 501],
    ['gzip and chunked', withLine('Transfer-Encoding: gzip, chunked'), 501],
    ['chunked twice', withLine('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'), 501],
    ['an empty list element before chunked', withLine('Transfer-Encoding: ,chunked'), 501],
    ['a header section above 60 KiB', withLine(`X: ${'a'.repeat(61_500)}`), 431],
    ['101 header lines', `GET / HTTP/1.1\r\n${H}${'X: a\r\n'.repeat(100)}\r\n`, 431],
    ['a websocket', withLine('Connection: Upgrade\r\nUpgrade: websocket'), 501],
    ['another upgrade', withLine('Connection: Upgrade\r\nUpgrade: foo'), 403],
    ['a protected name in Connection', withLine('Connection: X-Client-Ssl-Cn'), 400],
    ['ten names in Connection', withLine('Connection: a,b,c,d,e,f,g,h,i,j'), 400],
  ])('%s', async (_name, text, status) => {
    const before = shared.edgeFaults.length
    const handledBefore = shared.handled.length
    const client = await sendTo(shared, text)
    // What follows a refusal on its connection is never looked at.
    client.write(`GET /smuggled HTTP/1.1\r\n${H}\r\n`)
    const answer = await readToEnd(client)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answer).toMatch(/\r\nconnection: close\r\n/)
    const [fault] = shared.edgeFaults.slice(before)
    expect(shared.edgeFaults).toHaveLength(before + 1)
    expect(fault?.status).toBe(status)
    expect(answer).toContain(`\r\nx-request-id: ${fault?.requestId}\r\n`)
    expect(shared.handled).toHaveLength(handledBefore)
  })

  test.each<[string, string]>([
    ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a space before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['a negative size', '-5\r\nhello\r\n0\r\n\r\n'],
    ['no size', 'hello\r\n0\r\n\r\n'],
    ['a size that is too large', 'fffffffffffffffff\r\n'],
    ['a bare LF after the size', '5\nhello\r\n0\r\n\r\n'],
    ['an LF in the extension', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
    ['a CR in the extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
    ['data after the length of a chunk', '5\r\nhelloX\r\n0\r\n\r\n'],
    ['a bare LF after the data', '5\r\nhello\n0\r\n\r\n'],
  ])('a chunked body with %s', async (_name, body) => {
    const listener = await openPlain({
      handle: async (exchange) => {
        await textOf(exchange.body ?? Buffer.alloc(0))
        await exchange.respond({ status: 200, headers: [] })
      },
    })
    const client = await sendTo(listener, chunked(''))
    await listener.until(() => listener.handled.length === 1)
    client.write(`${body}GET /smuggled HTTP/1.1\r\n${H}\r\n`)
    const answer = await readToEnd(client)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toMatch(/\r\n\r\nBad Request$/)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(listener.edgeFaults).toHaveLength(1)
    await aborted(listener.handled[0]?.signal)
  })

  test('a bad body that came with its head, before any handler runs', async () => {
    const listener = await openPlain({})
    const client = await sendTo(listener, chunked('hello'))
    expect(await readToEnd(client)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(listener.handled).toEqual([])
    expect(listener.edgeFaults).toHaveLength(1)
  })

  test('a body in the texts of gateway.md section 15, empty where Envoy has none', async () => {
    expect(await readToEnd(await sendTo(shared, 'GET / HTTP/1.1\r\n\r\n'))).toMatch(
      /content-length: 0\r\n/,
    )
    const answer = await readToEnd(await sendTo(shared, `get / HTTP/1.1\r\n${H}\r\n`))
    expect(answer).toMatch(/\r\ncontent-type: text\/plain\r\n/)
    expect(answer).toMatch(/\r\n\r\nBad Request$/)
  })
})

/** Resolves when the signal is aborted; the test's time limit is the failure. */
async function aborted(signal: AbortNotice | undefined): Promise<void> {
  if (!signal) throw new Error('no handler was called')
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', resolve))
}
