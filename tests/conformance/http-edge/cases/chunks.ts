import { broken, chunked, hidden, passed, type RequestCase } from './case.ts'

/** Forms of a chunked body (RFC 9112 section 7.1) that parsers read in more than one way. */
export const chunkClasses: readonly (readonly [row: string, cases: readonly RequestCase[]])[] = [
  [
    'chunk sizes that are none',
    [
      ...[
        '0x5',
        ' 5',
        '\t5',
        '-5',
        '+5',
        '5h',
        'five',
        '',
        '5.0',
        '5_',
        '"5"',
        '0x',
        'x5',
        '5,5',
        '5\0',
      ],
      ...['\x0b5', '5\xa0', 'g', '\xb5', '--0'],
    ].map((text) => broken(JSON.stringify(text), `${text}\r\nhello\r\n0\r\n\r\n`)),
  ],
  [
    'chunk sizes that overflow',
    [
      ...['fffffffffffffffff', '10000000000000005', '100000000000000005', `${'f'.repeat(64)}`],
      `1${'0'.repeat(31)}5`,
      `${'0'.repeat(16)}5`,
      `${'0'.repeat(100_000)}5`,
    ].map((text) => broken(text.slice(0, 20), `${text}\r\nhello\r\n0\r\n\r\n`)),
  ],
  [
    'line ends of chunks',
    [
      broken('LF after the size', '5\nhello\r\n0\r\n\r\n'),
      broken('CR after the size', '5\rhello\r\n0\r\n\r\n'),
      broken('CR CR LF after the size', '5\r\r\nhello\r\n0\r\n\r\n'),
      broken('LF after the data', '5\r\nhello\n0\r\n\r\n'),
      broken('CR after the data', '5\r\nhello\r0\r\n\r\n'),
      broken('nothing after the data', '5\r\nhello0\r\n\r\n'),
      broken('LF CR after the data', '5\r\nhello\n\r0\r\n\r\n'),
      broken('LF at the very end', '5\r\nhello\r\n0\r\n\n'),
      broken('LF after the last size', '5\r\nhello\r\n0\n\r\n'),
      broken('CR at the very end', '5\r\nhello\r\n0\r\n\rX'),
    ],
  ],
  [
    'data behind the length of a chunk (TERM.EXT and friends)',
    [
      broken('one byte', '5\r\nhelloX\r\n0\r\n\r\n'),
      broken('two bytes', '5\r\nhelloXY\r\n0\r\n\r\n'),
      broken('a chunk that is too short', '6\r\nhello\r\n0\r\n\r\n'),
      broken('a hidden request', `3\r\nabc${hidden}\r\n0\r\n\r\n`),
    ],
  ],
  [
    'chunk extensions',
    [
      passed('name', chunked('5;a\r\nhello\r\n0\r\n\r\n'), { origin: ['POST / HTTP/1.1 hello'] }),
      passed('value', chunked('5;a=b\r\nhello\r\n0;c=d\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 hello'],
      }),
      passed('quoted', chunked('5;a="b;c"\r\nhello\r\n0\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 hello'],
      }),
      ...['; a', ';a = b', ';', ';a=\x80', ' ;a=b'].map((extension) =>
        passed(
          `${JSON.stringify(extension)}, dropped`,
          chunked(`5${extension}\r\nhello\r\n0\r\n\r\n`),
          { origin: ['POST / HTTP/1.1 hello'] },
        ),
      ),
      broken('LF inside', '5;a\nb\r\nhello\r\n0\r\n\r\n'),
      broken('LF for the line end', '5;a=b\nhello\r\n0\r\n\r\n'),
      broken('CR inside', '5;a\rb\r\nhello\r\n0\r\n\r\n'),
      broken('CR CR LF', '5;a\r\r\nhello\r\n0\r\n\r\n'),
      broken('NUL inside', '5;a\0b\r\nhello\r\n0\r\n\r\n'),
      broken('no semicolon', '5a=b\r\nhello\r\n0\r\n\r\n'),
      broken('a quote that hides a line end', '5;a="\r\nhello\r\n0\r\n\r\n"\r\n'),
    ],
  ],
  [
    'chunk sizes that are fine',
    ['5', '05', '0005', '00000005', '0000000000000005', '5 ', '5\t'].map((text) =>
      passed(text, chunked(`${text}\r\nhello\r\n0\r\n\r\n`), { origin: ['POST / HTTP/1.1 hello'] }),
    ),
  ],
  [
    'last chunks',
    [
      passed('000', chunked('5\r\nhello\r\n000\r\n\r\n'), { origin: ['POST / HTTP/1.1 hello'] }),
      passed('nothing but it', chunked('0\r\n\r\n'), { origin: ['POST / HTTP/1.1 '] }),
      passed('upper case', chunked('A\r\n0123456789\r\n0\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 0123456789'],
      }),
    ],
  ],
  [
    'trailers',
    [
      passed('dropped', chunked('5\r\nhello\r\n0\r\nX-Trailer: a\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 hello'],
        lacks: ['X-Trailer'],
      }),
      passed('never header lines', chunked('0\r\nHost: b.example\r\nX-A: b\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 '],
        lacks: ['b.example', 'X-A'],
      }),
      passed('that would end the connection', chunked('0\r\nConnection: close\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 '],
      }),
      passed(
        'that ask for an upgrade',
        chunked('0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'),
        {
          origin: ['POST / HTTP/1.1 '],
        },
      ),
      passed(
        'that would end the connection of a proxy',
        chunked('0\r\nProxy-Connection: close\r\n\r\n'),
        {
          origin: ['POST / HTTP/1.1 '],
        },
      ),
      passed('that would frame a body', chunked('0\r\nContent-Length: 5\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 '],
      }),
      passed('that would code a body', chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 '],
      }),
      broken('LF in them', '0\r\nX: a\nY: b\r\n\r\n'),
      broken('CR in them', '0\r\nX: a\rY: b\r\n\r\n'),
      broken('a space before the colon', '0\r\nX : a\r\n\r\n'),
      broken('folded', '0\r\nX: a\r\n b\r\n\r\n'),
      broken('no colon', '0\r\nabc\r\n\r\n'),
      broken('an empty name', '0\r\n: a\r\n\r\n'),
      broken('NUL', '0\r\nX: a\0\r\n\r\n'),
    ],
  ],
]
