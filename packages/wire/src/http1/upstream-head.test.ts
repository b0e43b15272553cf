import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { HeaderLines } from '../header-lines.ts'
import { renderUpstreamHead } from './upstream-head.ts'

const host = ['Host', 'a.example'] as const
const render = (changes: {
  method?: string
  path?: string
  headers?: HeaderLines
  body?: Readable
}) =>
  renderUpstreamHead({
    method: changes.method ?? 'GET',
    path: changes.path ?? '/x?y',
    headers: changes.headers ?? [host],
    body: changes.body ?? null,
  })
const body = () => Readable.from([])

describe('a request head', () => {
  test.each<[string, Parameters<typeof render>[0], string, string]>([
    ['without a body', {}, 'GET /x?y HTTP/1.1\r\nHost: a.example\r\n\r\n', 'none'],
    [
      'of POST without a body',
      { method: 'POST' },
      'POST /x?y HTTP/1.1\r\nHost: a.example\r\ncontent-length: 0\r\n\r\n',
      'none',
    ],
    [
      'with a body of known length',
      { headers: [host, ['Content-Length', '5']], body: body() },
      'GET /x?y HTTP/1.1\r\nHost: a.example\r\ncontent-length: 5\r\n\r\n',
      'length',
    ],
    [
      'with a body of unknown length',
      { body: body() },
      'GET /x?y HTTP/1.1\r\nHost: a.example\r\ntransfer-encoding: chunked\r\n\r\n',
      'chunked',
    ],
    [
      'with framing and hop-by-hop fields of somebody else',
      { headers: [['X', 'a'], host, ['Connection', 'x, close'], ['Transfer-Encoding', 'gzip']] },
      'GET /x?y HTTP/1.1\r\nHost: a.example\r\n\r\n',
      'none',
    ],
    [
      'with lines in order and spelling',
      { headers: [['x-B', '1'], host, ['X-b', '\xe4']] },
      'GET /x?y HTTP/1.1\r\nx-B: 1\r\nHost: a.example\r\nX-b: \xe4\r\n\r\n',
      'none',
    ],
  ])('%s', (_name, request, text, framing) => {
    expect(render(request)).toMatchObject({ text, framing })
  })

  test.each<[string, Parameters<typeof render>[0]]>([
    ['a line end in a value', { headers: [host, ['X', 'a\r\nY: b']] }],
    ['a line end in a name', { headers: [host, ['X\r\nY', 'a']] }],
    ['a character that is no byte', { headers: [host, ['X', '\u20ac']] }],
    ['a line end in the path', { path: '/ HTTP/1.1\r\nX: y' }],
    ['a space in the path', { path: '/a b' }],
    ['a method that is no token', { method: 'GET /' }],
    ['no Host', { headers: [] }],
    ['two Hosts', { headers: [host, host] }],
  ])('is never written with %s', (_name, request) => {
    expect(() => render(request)).toThrow(
      expect.objectContaining({ code: 'wire/malformed-message' }),
    )
  })
})
