/** What an origin says to one request, and what may come of it. */
export interface AnswerCase {
  readonly name: string
  /** Bytes as latin1 text, sent when the whole request is there. */
  readonly says: string
  readonly after: 'stays' | 'ends' | 'resets'
  readonly method: 'GET' | 'HEAD'
  /** What the client gets: a whole answer, or a head whose body breaks off. */
  readonly status: number
  readonly body: string
  readonly brokenOff: boolean
  readonly error: string | null
  /** The connection to the origin carries the next request. */
  readonly reused: boolean
}

const ok = 'HTTP/1.1 200 OK\r\n'
/** An answer to nobody: it must never be taken for the answer to the next request. */
const poison = `${ok}Content-Length: 6\r\n\r\npoison`

/** Bytes that are no answer: 502, and the connection is given up. */
function garbage(name: string, says: string): AnswerCase {
  const error = 'wire/upstream-protocol'
  const seen = { method: 'GET', status: 502, body: error, brokenOff: false } as const
  return { name, says, after: 'stays', ...seen, error, reused: false }
}

/** A body whose framing breaks behind a good head: the client must notice. */
function broken(name: string, says: string, after: AnswerCase['after'] = 'stays'): AnswerCase {
  const error = after === 'ends' ? 'wire/upstream-closed' : 'wire/upstream-protocol'
  return { ...garbage(name, says), after, status: 200, body: '', brokenOff: true, error }
}

/** An answer that arrives whole. */
function whole(
  name: string,
  says: string,
  more: Partial<Pick<AnswerCase, 'body' | 'method' | 'status' | 'reused' | 'after'>> = {},
): AnswerCase {
  const seen = { method: 'GET', status: 200, body: 'hello', brokenOff: false, error: null } as const
  return { name, says, after: 'stays', ...seen, reused: true, ...more }
}

/** An origin that goes away instead of answering. */
function gone(name: string, says: string, after: 'ends' | 'resets'): AnswerCase {
  const error = after === 'ends' ? 'wire/upstream-closed' : 'wire/upstream-reset'
  return { ...garbage(name, says), after, status: 503, body: error, error }
}

const chunks = (body: string) => `${ok}Transfer-Encoding: chunked\r\n\r\n${body}`
const withLine = (line: string) => `${ok}${line}\r\nContent-Length: 5\r\n\r\nhello`
const sized = (length: string) => `${ok}Content-Length: ${length}\r\n\r\nhello`
const coded = (coding: string) => `${ok}Transfer-Encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`

/** RFC 9112 sections 4 to 7, from the side of a client that must not be talked into anything. */
export const answerRows: readonly (readonly [row: string, cases: readonly AnswerCase[]])[] = [
  [
    'something that is no HTTP/1.1 answer',
    [
      ...[
        'garbage\r\n\r\n',
        '<html>hello</html>',
        'SSH-2.0-OpenSSH_9.2\r\n',
        '\x16\x03\x01\0\x05\r\n\r\n',
      ],
      ...[
        'HTTP/2 200\r\n\r\n',
        'HTTP/2.0 200 OK\r\n\r\n',
        'HTTP/1.2 200 OK\r\n\r\n',
        'HTTP/0.9 200 OK\r\n\r\n',
      ],
      ...[
        'http/1.1 200 OK\r\n\r\n',
        'HTTP/1.10 200 OK\r\n\r\n',
        'HTTP/1.1\t200 OK\r\n\r\n',
        '\0\0\0\0\r\n\r\n',
      ],
      ...[
        'HTTP/1.1  200 OK\r\n\r\n',
        'HTTP/1.1 20 OK\r\n\r\n',
        'HTTP/1.1 2000 OK\r\n\r\n',
        'HTTP/1.1 099 OK\r\n\r\n',
      ],
      ...[
        'HTTP/1.1 600 OK\r\n\r\n',
        'HTTP/1.1 abc OK\r\n\r\n',
        'HTTP/1.1 +20 OK\r\n\r\n',
        'HTTP/1.1 200\tOK\r\n\r\n',
      ],
      ...[
        'HTTP/1.1 200 O\0K\r\n\r\n',
        'HTTP/1.1 200 O\rK\r\n\r\n',
        'HTTP/1.1 200 OK\n\n',
        '\r\nHTTP/1.1 200 OK\r\n\r\n',
      ],
      ...[
        ' HTTP/1.1 200 OK\r\n\r\n',
        'HTTP/1.1 200OK\r\n\r\n',
        'GET / HTTP/1.1\r\n\r\n',
        'HTTP/1.1\r\n\r\n',
      ],
    ].map((text) => garbage(JSON.stringify(text), text)),
  ],
  [
    'header lines that are none',
    [
      garbage('bare LF', withLine('X: a\nY: b')),
      garbage('bare CR', withLine('X: a\rY: b')),
      garbage('LF after the status line', `HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello`),
      garbage('folded', withLine('X: a\r\n b')),
      garbage('folded first line', withLine(' X: a')),
      garbage('space before the colon', withLine('X : a')),
      garbage('space before the colon of a length', `${ok}Content-Length : 5\r\n\r\nhello`),
      garbage('no colon', withLine('Xa')),
      garbage('empty name', withLine(': a')),
      garbage('name with NUL', withLine('X\0: a')),
      garbage('value with NUL', withLine('X: a\0')),
      garbage('value with DEL', withLine('X: a\x7f')),
      garbage('101 lines', withLine(`${'X: a\r\n'.repeat(100)}X: a`)),
      garbage('more than 60 KiB', withLine(`X: ${'a'.repeat(61_440)}`)),
      garbage('an endless head', `${ok}X: ${'a'.repeat(200_000)}`),
    ],
  ],
  [
    'lengths and codings that are none, twice, or both',
    [
      ...[
        '5, 5',
        '+5',
        '-5',
        '0x5',
        '',
        '5.0',
        '5 5',
        'five',
        '9999999999999999',
        '18446744073709551616',
      ].map((length) => garbage(`Content-Length ${JSON.stringify(length)}`, sized(length))),
      garbage('equal lengths', withLine('Content-Length: 5')),
      garbage('different lengths', withLine('Content-Length: 6')),
      garbage(
        'length and chunked',
        `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
      garbage(
        'chunked and length',
        `${ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
      ),
      ...[
        'gzip',
        'gzip, chunked',
        'chunked, chunked',
        'identity',
        '',
        'xchunked',
        ',chunked',
        'chunked;q=1',
      ].map((coding) => garbage(`Transfer-Encoding ${JSON.stringify(coding)}`, coded(coding))),
      garbage('chunked twice', coded('chunked\r\nTransfer-Encoding: chunked')),
      garbage('chunks in 1.0', coded('chunked').replace('1.1', '1.0')),
    ],
  ],
  [
    'chunks that break',
    [
      ...['0x5', ' 5', '-5', '+5', 'hello', '', 'fffffffffffffffff', '5\0', '5g'].map((size) =>
        broken(`size ${JSON.stringify(size)}`, chunks(`${size}\r\nhello\r\n0\r\n\r\n`)),
      ),
      broken('surplus data', chunks('5\r\nhelloX\r\n0\r\n\r\n')),
      broken('LF after the size', chunks('5\nhello\r\n0\r\n\r\n')),
      broken('LF after the data', chunks('5\r\nhello\n0\r\n\r\n')),
      broken('CR in the extension', chunks('5;a\rb\r\nhello\r\n0\r\n\r\n')),
      broken('LF in the extension', chunks('5;a\nb\r\nhello\r\n0\r\n\r\n')),
      broken('an endless extension', chunks(`5;${'a'.repeat(10_000)}`)),
      broken('endless trailers', chunks(`0\r\n${'X: a\r\n'.repeat(10_000)}`)),
      broken('a bad trailer', chunks('0\r\nX : a\r\n\r\n')),
      broken('LF in the trailers', chunks('0\r\nX: a\nY: b\r\n\r\n')),
    ],
  ],
  [
    'answers that break off',
    [
      gone('closed before a byte', '', 'ends'),
      gone('closed in the status line', 'HTTP/1.1 20', 'ends'),
      gone('closed in the head', `${ok}Content-Le`, 'ends'),
      gone('closed after an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n', 'ends'),
      gone('reset before a byte', '', 'resets'),
      broken('closed before the length', sized('9'), 'ends'),
      broken('closed in a chunk', chunks('9\r\nhello'), 'ends'),
      broken('closed before the last chunk', chunks('5\r\nhello\r\n'), 'ends'),
      broken('closed in the trailers', chunks('5\r\nhello\r\n0\r\nX: a\r\n'), 'ends'),
      broken('closed before the last line end', chunks('5\r\nhello\r\n0\r\n'), 'ends'),
    ],
  ],
  [
    'surplus bytes are nobody’s answer',
    [
      whole('a second answer', sized('5') + poison, { reused: false }),
      whole('behind chunks', chunks('5\r\nhello\r\n0\r\n\r\n') + poison, { reused: false }),
      whole('one byte', `${sized('5')}X`, { reused: false }),
      whole('a line end', `${sized('5')}\r\n`, { reused: false }),
      whole('a body with 204', `HTTP/1.1 204 No\r\n\r\n${poison}`, {
        status: 204,
        body: '',
        reused: false,
      }),
      whole('a body with 304', `HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n${poison}`, {
        status: 304,
        body: '',
        reused: false,
      }),
      whole('a body with HEAD', sized('5') + poison, { method: 'HEAD', body: '', reused: false }),
      whole('chunks with HEAD', coded('chunked'), { method: 'HEAD', body: '', reused: false }),
      whole('a body behind a length of 0', `${ok}Content-Length: 0\r\n\r\n${poison}`, {
        body: '',
        reused: false,
      }),
    ],
  ],
  [
    'interim answers',
    [
      whole('one', `HTTP/1.1 103 Early\r\nLink: a\r\n\r\n${sized('5')}`),
      whole('sixteen', 'HTTP/1.1 102 Wait\r\n\r\n'.repeat(16) + sized('5')),
      garbage('a flood', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)),
      garbage('seventeen', 'HTTP/1.1 102 Wait\r\n\r\n'.repeat(17) + sized('5')),
      garbage('101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: foo\r\n\r\n'),
    ],
  ],
  [
    'answers that are fine',
    [
      whole('length', sized('5')),
      whole('chunks', chunks('2;a=b\r\nhe\r\n3 \r\nllo\r\n0\r\nX-T: a\r\n\r\n')),
      whole('no reason', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello'),
      whole('until the close', `${ok}\r\nhello`, { after: 'ends', reused: false }),
      whole('HTTP/1.0', `HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello`, { reused: false }),
      whole('Connection: close', withLine('Connection: close'), { reused: false }),
      whole('HEAD', `${ok}Content-Length: 5\r\n\r\n`, { method: 'HEAD', body: '' }),
      whole('204', 'HTTP/1.1 204 No\r\n\r\n', { status: 204, body: '' }),
      whole('304 with a length', 'HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n', {
        status: 304,
        body: '',
      }),
    ],
  ],
]
