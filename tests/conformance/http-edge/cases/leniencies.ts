import { chunked, get, H, post } from './case.ts'

/**
 * What the parser below `wire` decides otherwise than the gateway must, and nobody above it can
 * see: each row of the table in packages/wire/README.md, demonstrated. A parser that does better
 * fails here: then the row goes.
 */
export interface Leniency {
  /** First cell of the row. */
  readonly input: string
  readonly send: readonly string[]
  /** Status of the first answer now; `null` when none comes before the time for a request is over. */
  readonly now: number | null
  /** The one start line that reaches the origin, however the request was spelt. */
  readonly origin: string | null
}

const served = (origin: string) => ({ now: 200, origin })

/** In the order of the table. */
export const leniencies: readonly Leniency[] = [
  {
    input: 'two or more spaces before the target, or between target and version',
    send: [`GET  / HTTP/1.1\r\n${H}\r\n`, `GET /   HTTP/1.1\r\n${H}\r\n`],
    ...served('GET / HTTP/1.1'),
  },
  {
    input: 'bare LF or bare CR as an _empty line before_ a request',
    send: [`\n${get()}`, `\r${get()}`, `\n\n\r\n${get()}`],
    ...served('GET / HTTP/1.1'),
  },
  {
    input: 'any number of empty lines before a request',
    send: [`${'\r\n'.repeat(50_000)}${get()}`],
    ...served('GET / HTTP/1.1'),
  },
  {
    input: '`RTSP/1.1` in place of `HTTP/1.1`',
    send: [`GET / RTSP/1.1\r\n${H}\r\n`],
    ...served('GET / HTTP/1.1'),
  },
  {
    input: '`SOURCE / ICE/1.1`',
    send: [`SOURCE / ICE/1.1\r\n${H}\r\n`],
    ...served('SOURCE / HTTP/1.1'),
  },
  { input: '`RTSP/1.0`', send: [`GET / RTSP/1.0\r\n${H}\r\n`], now: 426, origin: null },
  {
    input: '`GET / CRLF` and nothing more (HTTP/0.9)',
    send: ['GET /\r\n', 'GET /\n'],
    now: null,
    origin: null,
  },
  {
    input: 'TAB behind the value of `Transfer-Encoding`',
    send: [post(['Transfer-Encoding: chunked\t'], '0\r\n\r\n')],
    now: 501,
    origin: null,
  },
  {
    input: 'white space after the chunk size (`5 CRLF`, `5 ;a=b`)',
    send: [chunked('5 \r\nhello\r\n0\r\n\r\n'), chunked('5 ;a=b\r\nhello\r\n0\r\n\r\n')],
    now: 400,
    origin: null,
  },
  {
    input: 'chunk extension with white space, without a name, or with a byte above 0x7f',
    send: ['; a', ';a = b', ';', ';a=\x80'].map((extension) =>
      chunked(`5${extension}\r\nhello\r\n0\r\n\r\n`),
    ),
    now: 400,
    origin: null,
  },
  {
    input: 'any number of zeros before a chunk size',
    send: [chunked(`${'0'.repeat(100_000)}5\r\nhello\r\n0\r\n\r\n`)],
    ...served('POST / HTTP/1.1'),
  },
  {
    input: '`Content-Length` as a trailer',
    send: [chunked('0\r\nContent-Length: 5\r\n\r\n')],
    now: 400,
    origin: null,
  },
  {
    input: '`Transfer-Encoding` as a trailer',
    send: [chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n')],
    now: 501,
    origin: null,
  },
  {
    input: 'size of the header section',
    send: [get(`X:${' '.repeat(100_000)}a`)],
    ...served('GET / HTTP/1.1'),
  },
  {
    input: '`Content-Length` above 2^53',
    send: [post(['Content-Length: 9007199254740993'], 'hello')],
    now: null,
    origin: null,
  },
]
