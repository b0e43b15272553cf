import { describe, expect, test } from 'vitest'
import type { HeaderLines } from '../header-lines.ts'
import type { RawRequestHead } from './request.ts'
import { checkRequestHead } from './request-head.ts'

const host = ['Host', 'a.example'] as const
const headOf = (changes: Partial<RawRequestHead> & { more?: HeaderLines }): RawRequestHead => ({
  method: 'GET',
  target: '/',
  version: '1.1',
  headers: [host, ...(changes.more ?? [])],
  text: '',
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
    ...[
      '1, 1',
      '+1',
      '-1',
      '0x1',
      '',
      '1.0',
      '1 1',
      '9007199254740992',
      '18446744073709551616',
    ].map((value): [string, Parameters<typeof headOf>[0], number, string] => [
      `Content-Length "${value}"`,
      { more: [['Content-Length', value]] },
      400,
      'Bad Request',
    ]),
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
})
