import { chunked, get, H, passed, passedLast, post, type RequestCase, refused } from './case.ts'

const withHost = (value: string) => `GET / HTTP/1.1\r\nHost:${value}\r\n\r\n`
const line = (text: string) => `${text}\r\n${H}\r\n`

/** Rows of gateway.md section 9.4 about the request line and Host, with the "Ours" column as verdict. */
export const requestLineRows: readonly (readonly [row: string, cases: readonly RequestCase[]])[] = [
  [
    'two Host lines, equal or not',
    [
      refused('equal', get(H.trim())),
      refused('different', get('Host: b.example')),
      refused('another case of the name', get('hOST: b.example')),
      refused('apart', get('X: a', 'Host: b.example')),
    ],
  ],
  [
    'no Host, empty Host',
    [
      refused('none', 'GET / HTTP/1.1\r\n\r\n', 400, ''),
      refused('none, other lines', 'GET / HTTP/1.1\r\nX: a\r\n\r\n', 400, ''),
      refused('empty', withHost(''), 400, ''),
      refused('white space', withHost(' \t '), 400, ''),
    ],
  ],
  [
    'Host with a space, comma, slash, query, fragment, backslash, quote, byte above 0x7f',
    [' ', ',', ', ', '/', '?', '#', '\\', '"', '\xe4', '\x80', '\xff'].map((byte) =>
      refused(JSON.stringify(byte), withHost(` a${byte}b`)),
    ),
  ],
  [
    'Host with user info, escape, empty label, wildcard, bad port',
    [
      ' user@a.example',
      ' user:pass@a.example',
      ' %61.example',
      ' a..example',
      ' .a.example',
      ' *.example',
      ' *',
      ' a.example:x',
      ' a.example:',
      ' a.example:0',
      ' a.example:65536',
      ' a.example:+80',
      ' a.example:80:80',
      ' a.example:8 0',
      ' [::1',
      ' ::1',
      ' a.example@b.example',
      ' a.example;b',
      ' a.example&b',
      ` ${'a'.repeat(300)}`,
    ].map((value) => refused(value.slice(1, 30), withHost(value))),
  ],
  [
    'absolute-form target',
    [
      passed('of the same authority', line('GET http://edge.test.localhost/x HTTP/1.1'), {
        origin: ['GET /x HTTP/1.1'],
        has: ['Host: edge.test.localhost'],
      }),
      passed('https, upper case', line('GET HTTPS://EDGE.test.localhost/x?y HTTP/1.1'), {
        origin: ['GET /x?y HTTP/1.1'],
      }),
      passed('user info is dropped', line('GET http://u:p@edge.test.localhost/x HTTP/1.1'), {
        origin: ['GET /x HTTP/1.1'],
        lacks: ['u:p'],
      }),
      passed('without a path', line('GET http://edge.test.localhost HTTP/1.1')),
      refused('of another host', line('GET http://b.example/x HTTP/1.1')),
      refused('of another port', line('GET http://edge.test.localhost:1/x HTTP/1.1')),
      refused('of another scheme', line('GET ftp://edge.test.localhost/x HTTP/1.1')),
      refused(
        'user info that is a host',
        line('GET http://edge.test.localhost@b.example/ HTTP/1.1'),
      ),
      refused('a query without a path', line('GET http://edge.test.localhost?x HTTP/1.1'), 404),
      refused('no authority', line('GET http:///x HTTP/1.1')),
      refused('one slash', line('GET http:/x HTTP/1.1')),
      refused('without Host', 'GET http://edge.test.localhost/ HTTP/1.1\r\n\r\n', 400, ''),
    ],
  ],
  [
    'OPTIONS * and CONNECT',
    [
      refused('OPTIONS *', line('OPTIONS * HTTP/1.1'), 404),
      refused('GET *', line('GET * HTTP/1.1')),
      refused('CONNECT with an authority', line('CONNECT b.example:443 HTTP/1.1'), 404),
      refused('CONNECT with a path', line('CONNECT /x HTTP/1.1')),
    ],
  ],
  [
    'other versions',
    ['1.0', '0.9', '1.2', '2.0', '3.0', '0.0', '9.9'].map((version) =>
      refused(`HTTP/${version}`, line(`GET / HTTP/${version}`), 426),
    ),
  ],
  [
    'versions that are none',
    [
      ...['HTTP/1', 'HTTP/11', 'HTTP/1.', 'HTTP/1.1.1', 'HTTP/1.10', 'http/1.1', 'HTTP/01.1'],
      ...[
        'HTTP/1.1x',
        'HTTP/-1.1',
        'HTTP/1.1 HTTP/1.1',
        'HTTP/1,1',
        'HTP/1.1',
        'HTTPS/1.1',
        'ICE/1.0',
        'HTTP /1.1',
      ],
    ].map((version) => refused(version, line(`GET / ${version}`))),
  ],
  [
    'unknown or lower-case method',
    [
      ...['get', 'Get', 'FOO', 'GETT', 'GE', 'G', 'GET/', '1GET', 'GET"', '(GET)', 'PRI'],
      ...['DESCRIBE', 'ANNOUNCE', 'SETUP', 'PLAY', 'FLUSH'],
    ].map((method) => refused(method, line(`${method} / HTTP/1.1`))),
  ],
  [
    'methods of the list',
    [
      ...['TRACE', 'PROPFIND', 'PURGE', 'DELETE', 'HEAD', 'OPTIONS', 'M-SEARCH', 'REPORT'].map(
        (method) =>
          passed(method, line(`${method} / HTTP/1.1`), { origin: [`${method} / HTTP/1.1`] }),
      ),
      refused('QUERY without content type', line('QUERY / HTTP/1.1')),
    ],
  ],
  [
    'TABs between the parts, trailing space, empty lines before',
    [
      refused('TAB before the target', line('GET\t/ HTTP/1.1')),
      refused('TAB before the version', line('GET /\tHTTP/1.1')),
      refused('a trailing space', line('GET / HTTP/1.1 ')),
      refused('a trailing TAB', line('GET / HTTP/1.1\t')),
      refused('a space before the method', line(' GET / HTTP/1.1')),
      refused('vertical tab as separator', line('GET\x0b/\x0bHTTP/1.1')),
      refused('form feed before the target', line('GET \x0c/ HTTP/1.1')),
      passed('one empty line before', `\r\n${get()}`),
      passed('three empty lines before', `\r\n\r\n\r\n${get()}`),
    ],
  ],
  [
    'NUL, control character, DEL, byte above 0x7f, space in the path; no leading slash',
    [
      ...['\0', '\x01', '\x08', '\x0b', '\x1f', '\x7f', '\x80', '\xe4', '\xff', ' ', '\t'].map(
        (byte) => refused(JSON.stringify(byte), line(`GET /a${byte}b HTTP/1.1`)),
      ),
      refused('a bare CR', line('GET /a\rb HTTP/1.1')),
      refused('no leading slash', line('GET a HTTP/1.1')),
      refused('a host for a path', line('GET edge.test.localhost HTTP/1.1')),
      refused('a query for a path', line('GET ?a HTTP/1.1')),
      refused('no target', line('GET HTTP/1.1')),
      refused('no target, two spaces', line('GET  HTTP/1.1')),
    ],
  ],
]

/** Rows of gateway.md section 9.4 about header lines, framing of the head, and the connection. */
export const headRows: readonly (readonly [row: string, cases: readonly RequestCase[]])[] = [
  [
    'NUL, control character, DEL in a value',
    ['\0', '\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x1f', '\x7f'].flatMap((byte) => [
      refused(`${JSON.stringify(byte)} inside`, get(`X: a${byte}b`)),
      refused(`${JSON.stringify(byte)} alone`, get(`X: ${byte}`)),
    ]),
  ],
  [
    'byte above 0x7f or TAB in a value',
    [
      passed('byte', get('X: a\xe4b'), { has: ['X: a\xe4b'] }),
      passed('TAB', get('X: a\tb'), { has: ['X: a\tb'] }),
    ],
  ],
  [
    'space or TAB before the colon, no colon, empty name, name that is no token',
    [
      refused('space', get('X : a')),
      refused('TAB', get('X\t: a')),
      refused('space, Host', 'GET / HTTP/1.1\r\nHost : edge.test.localhost\r\n\r\n'),
      refused('no colon', get('Xa')),
      refused('no colon, last', get('X: a', 'b')),
      refused('empty name', get(': a')),
      refused('a colon alone', get(':')),
      refused('two colons', get(':path: /x')),
      ...['(', ')', '<', '>', '@', ',', ';', '\\', '"', '/', '[', ']', '?', '=', '{', '}'].map(
        (byte) => refused(`name with ${byte}`, get(`X${byte}Y: a`)),
      ),
      ...[' ', '\t', '\0', '\x01', '\x0b', '\x7f', '\x80', '\xa0', '\xff'].map((byte) =>
        refused(`name with ${JSON.stringify(byte)}`, get(`X${byte}Y: a`)),
      ),
    ],
  ],
  ['name with _', [passed('passes', get('X_Client_Ssl_Cn: a'), { has: ['X_Client_Ssl_Cn: a'] })]],
  [
    'obs-fold',
    [
      refused('space', get('X: a', ' b')),
      refused('TAB', get('X: a', '\tb')),
      refused('on the first header line', `GET / HTTP/1.1\r\n ${H}\r\n`),
      refused('empty continuation', get('X: a', ' ')),
      refused('after an empty value', get('X:', ' a')),
      refused('a header name inside', get('X: a', ' Transfer-Encoding: chunked')),
    ],
  ],
  [
    'bare LF as line end; bare CR inside a line',
    [
      refused('LF after the request line', `GET / HTTP/1.1\n${H}\r\n`),
      refused('LF after a header line', 'GET / HTTP/1.1\r\nHost: edge.test.localhost\n\r\n'),
      refused('LF between header lines', get('X: a\nY: b')),
      refused('LF for the empty line', `GET / HTTP/1.1\r\n${H}\n`),
      refused('LF everywhere', 'GET / HTTP/1.1\nHost: edge.test.localhost\n\n'),
      refused('CR in a value', get('X: 1\rX-B: 2')),
      refused('CR at the end of a value', get('X: 1\r')),
      refused('CR in a name', get('X\rY: 1')),
      refused('CR after the colon', get('X:\r1')),
      refused('CR for the empty line', `GET / HTTP/1.1\r\n${H}\rX: a\r\n\r\n`),
      refused('CR for every line end', `GET / HTTP/1.1\rHost: edge.test.localhost\r\r`),
      refused('CR CR LF', get('X: a\r')),
    ],
  ],
  [
    'header section above 61 440 bytes; more than 100 lines',
    [
      refused('one long value', get(`X: ${'a'.repeat(61_440)}`), 431),
      refused('a long target', line(`GET /${'a'.repeat(61_440)} HTTP/1.1`), 431),
      refused('a long name', get(`${'X'.repeat(61_440)}: a`), 431),
      refused(
        'many long lines',
        get(...Array.from({ length: 70 }, () => `X: ${'a'.repeat(900)}`)),
        431,
      ),
      refused('101 lines', get(...Array.from({ length: 100 }, () => 'X: a')), 431),
      refused('5 000 lines', get(...Array.from({ length: 5_000 }, () => 'X: a')), 431),
      passed('100 lines', get(...Array.from({ length: 99 }, () => 'X: a'))),
      passed('just below 60 KiB', get(`X: ${'a'.repeat(61_000)}`)),
    ],
  ],
  [
    'Expect',
    [
      passed('100-continue', post(['Content-Length: 5', 'Expect: 100-continue'], 'hello'), {
        origin: ['POST / HTTP/1.1 hello'],
        lacks: ['Expect'],
      }),
      passed('other', get('Expect: 200-maybe'), { has: ['Expect: 200-maybe'] }),
      passed('100-continue without a body', get('Expect: 100-continue'), { lacks: ['Expect'] }),
    ],
  ],
  [
    'Upgrade',
    [
      passedLast(
        'h2c',
        get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA'),
        {
          lacks: ['Upgrade', 'HTTP2-Settings', 'h2c'],
        },
      ),
      passedLast(
        'h2c with a body',
        post(['Connection: upgrade', 'Upgrade: h2c', 'Content-Length: 5'], 'hello'),
        {
          origin: ['POST / HTTP/1.1 hello'],
        },
      ),
      passedLast(
        'h2c with chunks',
        chunked('5\r\nhello\r\n0\r\n\r\n').replace(
          H,
          `${H}Connection: upgrade\r\nUpgrade: h2c\r\n`,
        ),
        { origin: ['POST / HTTP/1.1 hello'] },
      ),
      passed('without Connection', get('Upgrade: foo'), { lacks: ['Upgrade'] }),
      refused('other than websocket', get('Connection: Upgrade', 'Upgrade: foo'), 403),
      refused('h2c and another', get('Connection: Upgrade', 'Upgrade: h2c, foo'), 403),
      refused('TLS inside', get('Connection: Upgrade', 'Upgrade: TLS/1.0'), 403),
    ],
  ],
  [
    'pipelined requests',
    [
      passed('in order', get() + line('GET /2 HTTP/1.1') + line('GET /3 HTTP/1.1'), {
        origin: ['GET / HTTP/1.1', 'GET /2 HTTP/1.1', 'GET /3 HTTP/1.1'],
      }),
      passed(
        'behind bodies',
        post(['Content-Length: 2'], 'ab') + chunked('1\r\nc\r\n0\r\n\r\n') + get(),
        {
          origin: ['POST / HTTP/1.1 ab', 'POST / HTTP/1.1 c', 'GET / HTTP/1.1'],
        },
      ),
      {
        ...refused('an error behind a good one', get() + get('X : a')),
        answers: [200, 400],
        origin: ['GET / HTTP/1.1'],
      },
      {
        ...refused('an error between good ones', get() + get('Host: b') + get()),
        answers: [200, 400],
        origin: ['GET / HTTP/1.1'],
      },
    ],
  ],
]
