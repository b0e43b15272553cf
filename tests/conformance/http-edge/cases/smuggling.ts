import { broken, chunked, get, H, passed, post, type RequestCase, refused } from './case.ts'

/** The request that an attacker hides: it must never reach the origin as one. */
const hidden = 'GET /smuggled HTTP/1.1\r\nHost: edge.test.localhost\r\n\r\n'
const size = (text: string) => text.length.toString(16)

/** The published classes in which two parsers disagree about where a request ends. */
export const framingClasses: readonly (readonly [row: string, cases: readonly RequestCase[]])[] = [
  [
    'CL.TE and TE.CL: a length beside a transfer coding',
    [
      refused('CL.TE', post(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG')),
      refused(
        'CL.TE with a whole request',
        post(
          [`Content-Length: ${5 + hidden.length}`, 'Transfer-Encoding: chunked'],
          `0\r\n\r\n${hidden}`,
        ),
      ),
      refused(
        'TE.CL',
        post(
          ['Transfer-Encoding: chunked', 'Content-Length: 4'],
          `${size(hidden)}\r\n${hidden}\r\n0\r\n\r\n`,
        ),
      ),
      refused(
        'a length of 0',
        post(['Content-Length: 0', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      ),
      refused('identity', post(['Content-Length: 5', 'Transfer-Encoding: identity'], 'hello')),
      refused(
        'apart',
        post(['Content-Length: 5', 'X: a', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      ),
      refused('case', post(['cOnTeNt-LeNgTh: 5', 'tRANSFER-eNCODING: CHUNKED'], '0\r\n\r\n')),
    ],
  ],
  [
    'TE.TE: codings that one parser overlooks',
    [
      ...[
        'xchunked',
        'chunkedx',
        'chunked, identity',
        'identity, chunked',
        'identity',
        'gzip, chunked',
      ],
      ...[
        'chunked, chunked',
        'chunked,',
        ',chunked',
        'chunked;q=1',
        '"chunked"',
        "'chunked'",
        'cow',
      ],
      ...[
        'gzip',
        'deflate',
        'trailers',
        'chunked gzip',
        'chunked; ext',
        'chunked ,',
        'x-chunked',
        '0',
      ],
    ].map((coding) => refused(coding, post([`Transfer-Encoding: ${coding}`], '0\r\n\r\n'), 501)),
  ],
  [
    'TE.TE: names and lines that one parser overlooks',
    [
      refused('space before the colon', post(['Transfer-Encoding : chunked'], '0\r\n\r\n')),
      refused('TAB before the colon', post(['Transfer-Encoding\t: chunked'], '0\r\n\r\n')),
      refused(
        'a space before the name',
        post(['X: a', ' Transfer-Encoding: chunked'], '0\r\n\r\n'),
      ),
      refused('a TAB before the name', post(['X: a', '\tTransfer-Encoding: chunked'], '0\r\n\r\n')),
      refused(
        'first line with a space',
        `POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n${H}\r\n`,
      ),
      refused('a folded value', post(['Transfer-Encoding:', ' chunked'], '0\r\n\r\n')),
      refused('a folded coding', post(['Transfer-Encoding: chunked', ' , identity'], '0\r\n\r\n')),
      refused('LF before it', post(['X: a\nTransfer-Encoding: chunked'], '0\r\n\r\n')),
      refused('CR before it', post(['X: a\rTransfer-Encoding: chunked'], '0\r\n\r\n')),
      refused('CR in it', post(['Transfer-\rEncoding: chunked'], '0\r\n\r\n')),
      refused('NUL in the name', post(['Transfer-Encoding\0: chunked'], '0\r\n\r\n')),
      refused('NUL in the value', post(['Transfer-Encoding: chunked\0'], '0\r\n\r\n')),
      refused(
        'vertical tab before the value',
        post(['Transfer-Encoding:\x0bchunked'], '0\r\n\r\n'),
      ),
      refused('form feed after the value', post(['Transfer-Encoding: chunked\x0c'], '0\r\n\r\n')),
      refused('a quote in the name', post(['Transfer-Encoding": chunked'], '0\r\n\r\n')),
      refused('no-break space in the name', post(['Transfer-Encoding\xa0: chunked'], '0\r\n\r\n')),
      refused(
        'twice',
        post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
        501,
      ),
      refused(
        'and another',
        post(['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], '0\r\n\r\n'),
        501,
      ),
      refused(
        'another and',
        post(['Transfer-Encoding: cow', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
        501,
      ),
      refused(
        'empty and',
        post(['Transfer-Encoding:', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
        501,
      ),
      refused('empty', post(['Transfer-Encoding:'], '0\r\n\r\n'), 501),
      refused('byte above 0x7f', post(['Transfer-Encoding: chunke\xe4'], '0\r\n\r\n'), 501),
      refused(
        'no-break space before the value',
        post(['Transfer-Encoding: \xa0chunked'], '0\r\n\r\n'),
        501,
      ),
    ],
  ],
  [
    'TE.TE: names that only look alike travel as they are, and frame nothing',
    ['Transfer_Encoding', 'TransferEncoding', 'X-Transfer-Encoding', 'Transfer-Encoding-'].map(
      (name) => passed(name, `${get(`${name}: chunked`)}`, { has: [`${name}: chunked`] }),
    ),
  ],
  [
    'chunked in other spellings that mean the same',
    ['CHUNKED', 'Chunked', ' chunked ', '\tchunked'].map((value) =>
      passed(
        JSON.stringify(value),
        post([`Transfer-Encoding:${value}`], '5\r\nhello\r\n0\r\n\r\n'),
        {
          origin: ['POST / HTTP/1.1 hello'],
        },
      ),
    ),
  ],
  [
    'CL.0 and TE.0: a body that looks like a request stays a body',
    [
      passed('CL.0', post([`Content-Length: ${hidden.length}`], hidden), {
        origin: [`POST / HTTP/1.1 ${hidden}`],
      }),
      passed('CL.0 with GET', get(`Content-Length: ${hidden.length}`) + hidden, {
        origin: [`GET / HTTP/1.1 ${hidden}`],
      }),
      passed('CL.0 with HEAD', get('Content-Length: 5').replace('GET', 'HEAD') + 'hello', {
        origin: ['HEAD / HTTP/1.1 hello'],
      }),
      passed('TE.0', chunked(`${size(hidden)}\r\n${hidden}\r\n0\r\n\r\n`), {
        origin: [`POST / HTTP/1.1 ${hidden}`],
      }),
      passed(
        'TE.0 with OPTIONS',
        chunked(`${size(hidden)}\r\n${hidden}\r\n0\r\n\r\n`).replace('POST', 'OPTIONS'),
        { origin: [`OPTIONS / HTTP/1.1 ${hidden}`] },
      ),
      passed('a length of 0 with GET', get('Content-Length: 0')),
    ],
  ],
  [
    'lengths: twice, lists, signs, other bases, overflow',
    [
      refused('equal', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')),
      refused('different', post(['Content-Length: 5', 'Content-Length: 6'], 'hello')),
      refused('0 and 5', post(['Content-Length: 0', 'Content-Length: 5'], 'hello')),
      refused('empty and 5', post(['Content-Length:', 'Content-Length: 5'], 'hello')),
      ...[
        '5, 5',
        '5,5',
        '5,',
        ',5',
        '5 5',
        '+5',
        '-5',
        '-0',
        '0x5',
        '0o5',
        '5e0',
        '5.0',
        '5.',
        '',
        ' ',
      ],
    ].map((one) =>
      typeof one === 'string'
        ? refused(JSON.stringify(one), post([`Content-Length: ${one}`], 'hello'))
        : one,
    ),
  ],
  [
    'lengths: text, white space, controls, overflow',
    [
      ...[
        'five',
        '5a',
        'a5',
        '5;',
        '5;q=1',
        '"5"',
        "'5'",
        '5\0',
        '\x0b5',
        '5\x0c',
        '5\r',
        '5\xa0',
        '\xb2',
      ],
      ...['5_0', '0b101', 'NaN', 'Infinity', '18446744073709551616', '18446744073709551621'],
      ...['99999999999999999999', '9'.repeat(200), '340282366920938463463374607431768211461'],
    ].map((value) =>
      refused(JSON.stringify(value).slice(0, 30), post([`Content-Length: ${value}`], 'hello')),
    ),
  ],
  [
    'lengths that are fine',
    ['5', '005', ' 5 ', '\t5'].map((value) =>
      passed(JSON.stringify(value), post([`Content-Length:${value}`], 'hello'), {
        origin: ['POST / HTTP/1.1 hello'],
      }),
    ),
  ],
  [
    'names that only look like Content-Length',
    [
      passed('Content_Length', get('Content_Length: 5'), { has: ['Content_Length: 5'] }),
      refused('space before the colon', post(['Content-Length : 5'], 'hello')),
      refused('folded', post(['Content-Length:', ' 5'], 'hello')),
      refused('NUL in the name', post(['Content-Length\0: 5'], 'hello')),
      refused(
        'as a name in Connection',
        post(['Content-Length: 5', 'Connection: content-length'], 'hello'),
      ),
    ],
  ],
]

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
    ['5', '05', '0005', '00000005', '000000000000005'].map((text) =>
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
      passed('never header lines', chunked('0\r\nHost: b.example\r\nConnection: close\r\n\r\n'), {
        origin: ['POST / HTTP/1.1 '],
        lacks: ['b.example', 'Connection'],
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
