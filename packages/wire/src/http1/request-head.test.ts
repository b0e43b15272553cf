import fc from 'fast-check'
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
    ['http://%41!$&@a.example/x', '/x'],
    ['http://a.example', '/'],
    ['//b.example/x', '///b.example/x'.slice(1)],
    ['/a"b\\c|{}', '/a"b\\c|{}'],
    ['/a#b', '/a#b'],
  ])('target %s as %s', (target, reduced) => {
    expect(check({ target })).toMatchObject({ ok: true, head: { target: reduced } })
  })

  test.each(['http://b@c@a.example/', 'http://b%4@a.example/', 'http://[b@a.example/'])(
    'no target %s, in which parsers see several authorities',
    (target) => {
      expect(check({ target })).toMatchObject({ ok: false, fault: { status: 400 } })
    },
  )

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
