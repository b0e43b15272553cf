import { chunked, get, H, hidden, passed, post, type RequestCase, refused } from './case.ts'

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
    ['CHUNKED', 'Chunked', ' chunked ', '\tchunked', 'chunked\t'].map((value) =>
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
      passed('CL.0 with HEAD', `${get('Content-Length: 5').replace('GET', 'HEAD')}hello`, {
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
      ...[
        '5_0',
        '0b101',
        'NaN',
        'Infinity',
        '9007199254740992',
        '18446744073709551616',
        '18446744073709551621',
      ],
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
