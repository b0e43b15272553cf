import { chunked, get, H, passed, post, type RequestCase, refused } from './case.ts'

const line = (text: string) => `${text}\r\n${H}\r\n`

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
      refused('white space before a value', get(`X:${' '.repeat(61_440)}a`), 431),
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
      passed(
        'h2c',
        get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA'),
        {
          lacks: ['Upgrade', 'HTTP2-Settings', 'h2c'],
        },
      ),
      passed(
        'h2c with a body',
        post(['Connection: upgrade', 'Upgrade: h2c', 'Content-Length: 5'], 'hello'),
        {
          origin: ['POST / HTTP/1.1 hello'],
        },
      ),
      passed(
        'h2c with chunks',
        chunked('5\r\nhello\r\n0\r\n\r\n').replace(
          H,
          `${H}Connection: upgrade\r\nUpgrade: h2c\r\n`,
        ),
        { origin: ['POST / HTTP/1.1 hello'] },
      ),
      passed('without Connection', get('Upgrade: foo'), { lacks: ['Upgrade'] }),
      passed('in Proxy-Connection', get('Proxy-Connection: upgrade', 'Upgrade: websocket'), {
        lacks: ['Upgrade', 'Proxy-Connection'],
      }),
      passed('empty', get('Connection: upgrade', 'Upgrade:')),
      refused(
        'websocket, which is not built',
        get('Connection: Upgrade', 'Upgrade: websocket'),
        501,
      ),
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
