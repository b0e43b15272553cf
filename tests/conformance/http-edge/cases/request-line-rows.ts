import { get, H, passed, type RequestCase, refused } from './case.ts'

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
    'no version: HTTP/0.9',
    [
      refused('a path and nothing more', 'GET /\r\n', 426),
      refused('with an empty line behind', 'GET /\r\n\r\n', 426),
      refused('LF as line end', 'GET /\n'),
    ],
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
        'ICE/1.1',
        'RTSP/1.0',
        'RTSP/1.1',
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
      refused('two spaces before the target', line('GET  / HTTP/1.1')),
      refused('two spaces before the version', line('GET /  HTTP/1.1')),
      refused('TAB before the target', line('GET\t/ HTTP/1.1')),
      refused('TAB before the version', line('GET /\tHTTP/1.1')),
      refused('a trailing space', line('GET / HTTP/1.1 ')),
      refused('a trailing TAB', line('GET / HTTP/1.1\t')),
      refused('a space before the method', line(' GET / HTTP/1.1')),
      refused('vertical tab as separator', line('GET\x0b/\x0bHTTP/1.1')),
      refused('form feed before the target', line('GET \x0c/ HTTP/1.1')),
      passed('one empty line before', `\r\n${get()}`),
      passed('four empty lines before', `\r\n\r\n\r\n\r\n${get()}`),
      refused('five empty lines before', `\r\n\r\n\r\n\r\n\r\n${get()}`),
      refused('LF for an empty line before', `\n${get()}`),
      refused('CR for an empty line before', `\r${get()}`),
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
