import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeaderLines } from './exchange.ts'
import { checkRequestHead, type RawRequestHead } from './request-head.ts'

const host = ['Host', 'a.example'] as const
const headOf = (changes: Partial<RawRequestHead> & { more?: HeaderLines }): RawRequestHead => ({
  method: 'GET',
  target: '/',
  version: '1.1',
  headers: [host, ...(changes.more ?? [])],
  ...changes,
})
const check = (changes: Parameters<typeof headOf>[0]) => checkRequestHead(headOf(changes))
const many = (count: number): HeaderLines =>
  Array.from({ length: count }, () => ['X', 'a'] as const)

/** gateway.md section 9.4, "Ours": what each input is answered with. */
describe('refused', () => {
  const rows: [string, Parameters<typeof headOf>[0], number, string][] = [
    ['two equal Host lines', { more: [host] }, 400, 'Bad Request'],
    ['two different Host lines', { more: [['host', 'b.example']] }, 400, 'Bad Request'],
    ['no Host', { headers: [] }, 400, ''],
    ['an empty Host', { headers: [['Host', '']] }, 400, ''],
    ['HTTP/1.0', { version: '1.0' }, 426, 'Upgrade Required'],
    ['HTTP/0.9', { version: '0.9' }, 426, 'Upgrade Required'],
    ['HTTP/2.0', { version: '2.0' }, 426, 'Upgrade Required'],
    ['a lower-case method', { method: 'get' }, 400, 'Bad Request'],
    ['an unknown method', { method: 'FOO' }, 400, 'Bad Request'],
    ['QUERY without content type', { method: 'QUERY' }, 400, 'Bad Request'],
    ['a target without a slash', { target: 'a' }, 400, 'Bad Request'],
    ['a control character in the target', { target: '/a\x01' }, 400, 'Bad Request'],
    ['NUL in the target', { target: '/a\0' }, 400, 'Bad Request'],
    ['DEL in the target', { target: '/a\x7f' }, 400, 'Bad Request'],
    ['a byte above 0x7f in the target', { target: '/\xe4' }, 400, 'Bad Request'],
    ['a space in the target', { target: '/a b' }, 400, 'Bad Request'],
    ['an absolute target of another host', { target: 'http://b.example/x' }, 400, 'Bad Request'],
    ['an absolute target of another port', { target: 'http://a.example:1/x' }, 400, 'Bad Request'],
    ['an absolute target of another scheme', { target: 'ftp://a.example/x' }, 400, 'Bad Request'],
    ['an absolute target without a path', { target: 'http://a.example?x' }, 404, ''],
    ['an absolute target without a host', { target: 'http:///x' }, 400, 'Bad Request'],
    ['OPTIONS *', { method: 'OPTIONS', target: '*' }, 404, ''],
    ['GET *', { target: '*' }, 400, 'Bad Request'],
    ['CONNECT with an authority', { method: 'CONNECT', target: 'b.example:443' }, 404, ''],
    ['CONNECT with a path', { method: 'CONNECT', target: '/x' }, 400, 'Bad Request'],
    ['NUL in a value', { more: [['X', 'a\0b']] }, 400, 'Bad Request'],
    ['a line end in a value', { more: [['X', 'a\r\nY: b']] }, 400, 'Bad Request'],
    ['DEL in a value', { more: [['X', 'a\x7f']] }, 400, 'Bad Request'],
    ['an empty name', { more: [['', 'a']] }, 400, 'Bad Request'],
    ['a name with a space', { more: [['X ', 'a']] }, 400, 'Bad Request'],
    ['a name that is no token', { more: [['X(', 'a']] }, 400, 'Bad Request'],
    [
      'Content-Length and chunked',
      {
        more: [
          ['Content-Length', '1'],
          ['Transfer-Encoding', 'chunked'],
        ],
      },
      400,
      'Bad Request',
    ],
    [
      'Content-Length and identity',
      {
        more: [
          ['Transfer-Encoding', 'identity'],
          ['Content-Length', '1'],
        ],
      },
      400,
      'Bad Request',
    ],
    [
      'Content-Length twice',
      {
        more: [
          ['Content-Length', '1'],
          ['content-length', '1'],
        ],
      },
      400,
      'Bad Request',
    ],
    ...['1, 1', '+1', '-1', '0x1', '', '1.0', '1 1', '18446744073709551616'].map(
      (value): [string, Parameters<typeof headOf>[0], number, string] => [
        `Content-Length "${value}"`,
        { more: [['Content-Length', value]] },
        400,
        'Bad Request',
      ],
    ),
    ...['gzip', 'gzip, chunked', 'chunked, chunked', 'identity', '', 'xchunked', ',chunked'].map(
      (value): [string, Parameters<typeof headOf>[0], number, string] => [
        `Transfer-Encoding "${value}"`,
        { more: [['Transfer-Encoding', value]] },
        501,
        'Not Implemented',
      ],
    ),
    [
      'Transfer-Encoding twice',
      {
        more: [
          ['Transfer-Encoding', 'chunked'],
          ['Transfer-Encoding', 'chunked'],
        ],
      },
      501,
      'Not Implemented',
    ],
    ['101 header lines', { headers: [host, ...many(100)] }, 431, 'Request Header Fields Too Large'],
    [
      'a header section of 61 441 bytes',
      { target: `/${'a'.repeat(61_440 - 34)}` },
      431,
      'Request Header Fields Too Large',
    ],
    [
      'a websocket',
      {
        more: [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
        ],
      },
      501,
      'Not Implemented',
    ],
    [
      'an upgrade to another protocol',
      {
        more: [
          ['Connection', 'keep-alive, upgrade'],
          ['Upgrade', 'foo'],
        ],
      },
      403,
      '',
    ],
    [
      'an upgrade to h2c and another protocol',
      {
        more: [
          ['Connection', 'upgrade'],
          ['Upgrade', 'h2c, foo'],
        ],
      },
      403,
      '',
    ],
    [
      'ten names in Connection',
      {
        more: [
          ['Connection', 'a, b, c, d, e'],
          ['Connection', 'f, g, h, i, j'],
        ],
      },
      400,
      'Bad Request',
    ],
    ...[
      ':path',
      'X-Forwarded-For',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-forwarded-client-cert',
      'X-Client-Ssl-Cn',
      'x_client_ssl_cn',
      'ssl-client-verify',
      'SSL_CLIENT_S_DN',
      'x-ssl-client-cert',
      'x-client-cert',
      'x-client-cert-chain',
      'client-cert',
      'client-cert-chain',
      'host',
      'content-length',
    ].map((name): [string, Parameters<typeof headOf>[0], number, string] => [
      `${name} named in Connection`,
      { more: [['Connection', `close, ${name}`]] },
      400,
      'Bad Request',
    ]),
  ]
  test.each(rows)('%s', (_name, changes, status, body) => {
    const result = check(changes)
    expect(result).toMatchObject({ ok: false, fault: { status, body } })
  })

  test.each([
    'a b',
    'a,b',
    'a, b',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'a"b',
    'a\xe4',
    'user@a.example',
    '%61.example',
    'a..example',
    '.a.example',
    '*.example',
    '*',
    'a.example:',
    'a.example:x',
    'a.example:0',
    'a.example:65536',
    'a.example:80:80',
    '-a.example',
    '[::1',
    '::1',
    '[g::1]',
    `${'a'.repeat(300)}`,
  ])('Host "%s"', (value) => {
    expect(check({ headers: [['Host', value]] })).toMatchObject({
      ok: false,
      fault: { status: 400 },
    })
  })

  test('says what is wrong without quoting a value', () => {
    const result = check({ more: [['Authorization', 'Bearer secret\x01']] })
    expect(JSON.stringify(result)).toContain('Authorization')
    expect(JSON.stringify(result)).not.toContain('secret')
  })
})

describe('passed', () => {
  test.each([
    'a.example',
    'A.Example',
    'a.example.',
    'a_b.example',
    '127.0.0.1',
    '[::1]',
    '[::1]:9443',
    'a.example:9443',
    'localhost',
  ])('Host "%s", as it was sent', (value) => {
    expect(check({ headers: [['Host', value]] })).toMatchObject({
      ok: true,
      head: { authority: value },
    })
  })

  test.each(['TRACE', 'PROPFIND', 'PURGE', 'M-SEARCH', 'PATCH'])('method %s', (method) => {
    expect(check({ method })).toMatchObject({ ok: true, head: { method } })
  })

  test('QUERY with a content type', () => {
    expect(check({ method: 'QUERY', more: [['Content-Type', 'text/plain']] }).ok).toBe(true)
  })

  test.each([
    ['http://a.example/x?y', '/x?y'],
    ['HTTPS://A.EXAMPLE/x', '/x'],
    ['http://user:secret@a.example/x', '/x'],
    ['http://a.example', '/'],
    ['//b.example/x', '///b.example/x'.slice(1)],
    ['/a"b\\c|{}', '/a"b\\c|{}'],
    ['/a#b', '/a#b'],
  ])('target %s as %s', (target, reduced) => {
    expect(check({ target })).toMatchObject({ ok: true, head: { target: reduced } })
  })

  test.each<[string, HeaderLines, HeaderLines]>([
    [
      'names with _ and bytes above 0x7f and TAB in values',
      [['X_Client_Ssl_Cn', 'a\tb\xe4']],
      [['X_Client_Ssl_Cn', 'a\tb\xe4']],
    ],
    [
      'repeated lines, in order and spelling',
      [
        ['x-A', '1'],
        ['X-a', '2'],
      ],
      [
        ['x-A', '1'],
        ['X-a', '2'],
      ],
    ],
    ['Content-Length with leading zeros', [['Content-Length', '005']], [['Content-Length', '005']]],
    [
      'trailer and proxy-authorization',
      [
        ['Trailer', 'x'],
        ['Proxy-Authorization', 'y'],
      ],
      [
        ['Trailer', 'x'],
        ['Proxy-Authorization', 'y'],
      ],
    ],
    [
      'te reduced to trailers',
      [
        ['TE', 'gzip;q=1, Trailers'],
        ['te', 'trailers'],
      ],
      [['TE', 'trailers']],
    ],
    ['an Expect that is not 100-continue', [['Expect', 'other']], [['Expect', 'other']]],
  ])('%s', (_name, more, kept) => {
    expect(check({ more })).toMatchObject({ ok: true, head: { headers: [host, ...kept] } })
  })

  test.each<[string, HeaderLines]>([
    [
      'hop-by-hop fields',
      [
        ['Connection', 'close'],
        ['Keep-Alive', 'timeout=1'],
        ['Proxy-Connection', 'close'],
        ['Transfer-Encoding', 'Chunked'],
        ['Upgrade', 'foo'],
      ],
    ],
    [
      'what Connection names',
      [
        ['X-Mine', 'a'],
        ['Connection', 'x-mine , keep-alive'],
        ['x-MINE', 'b'],
      ],
    ],
    [
      'an upgrade to h2c',
      [
        ['Connection', 'Upgrade, HTTP2-Settings'],
        ['Upgrade', 'h2c'],
        ['HTTP2-Settings', 'x'],
      ],
    ],
    ['te without trailers', [['te', 'gzip']]],
    ['Expect: 100-continue', [['Expect', '100-Continue']]],
  ])('without %s', (_name, more) => {
    expect(check({ more })).toMatchObject({ ok: true, head: { headers: [host] } })
  })

  test('with nine names in Connection', () => {
    expect(check({ more: [['Connection', 'a, b, c, d, e, f, g, h, i']] }).ok).toBe(true)
  })

  test('with 100 header lines', () => {
    expect(check({ headers: [host, ...many(99)] }).ok).toBe(true)
  })

  test('with a header section of 61 440 bytes', () => {
    expect(check({ target: `/${'a'.repeat(61_440 - 34 - 1)}` }).ok).toBe(true)
  })
})

describe('for any lines', () => {
  const line = fc.tuple(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary' }))
  test('what passes has one valid Host, a path, and no hop-by-hop field', () => {
    const near = fc.oneof(
      line,
      fc.tuple(
        fc.constantFrom('Connection', 'TE', 'Transfer-Encoding', 'Upgrade', 'host', 'x'),
        fc.constantFrom('close', 'chunked', 'x', 'a.example', ''),
      ),
    )
    fc.assert(
      fc.property(fc.array(near, { maxLength: 8 }), fc.string(), (more, target) => {
        const result = check({ more, target: `/${target}` })
        if (!result.ok) return
        expect(result.head.target).toMatch(/^\/[\x21-\x7e]*$/)
        const names = result.head.headers.map(([name]) => name.toLowerCase())
        expect(names.filter((name) => name === 'host')).toHaveLength(1)
        for (const name of ['connection', 'transfer-encoding', 'upgrade', 'keep-alive']) {
          expect(names).not.toContain(name)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
