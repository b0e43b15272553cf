import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError } from '../errors.ts'
import { type ParsedResponseHead, parseResponseHead, ResponseReader } from './response.ts'

interface Read {
  head: ParsedResponseHead | null
  body: string
  ended: boolean
  taken: number
}

/** Reads the pieces as one response; throws what the reader throws. */
function read(pieces: readonly Buffer[], options: { method?: string; close?: boolean } = {}): Read {
  const result: Read = { head: null, body: '', ended: false, taken: 0 }
  const reader = new ResponseReader(options.method ?? 'GET', {
    onHead: (head) => {
      expect(result.head).toBeNull()
      result.head = head
    },
    onData: (data) => {
      expect(result.head).not.toBeNull()
      result.body += data.toString('latin1')
    },
    onEnd: () => {
      expect(result.ended).toBe(false)
      result.ended = true
    },
  })
  for (const piece of pieces) result.taken += reader.push(piece)
  if (options.close) reader.end()
  return result
}

const bytes = (text: string) => Buffer.from(text, 'latin1')
const readText = (text: string, options?: Parameters<typeof read>[1]) =>
  read([bytes(text)], options)
const ok = 'HTTP/1.1 200 OK\r\n'

describe('framing', () => {
  test.each<[string, string, Partial<ParsedResponseHead>, string]>([
    [
      'Content-Length',
      `${ok}Content-Length: 5\r\n\r\nhello`,
      { framing: 'length', keepAlive: true },
      'hello',
    ],
    [
      'Content-Length 0',
      `${ok}Content-Length: 0\r\n\r\n`,
      { framing: 'length', keepAlive: true },
      '',
    ],
    [
      'chunks',
      `${ok}Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      { framing: 'chunked', keepAlive: true },
      'hello',
    ],
    [
      'chunks with extensions and trailers',
      `${ok}Transfer-Encoding: chunked\r\n\r\n2;a="b"\r\nhe\r\n03 \r\nllo\r\n0\r\nX: y\r\n\r\n`,
      { framing: 'chunked' },
      'hello',
    ],
    [
      'close announced',
      `${ok}Content-Length: 5\r\nConnection: foo, Close\r\n\r\nhello`,
      { keepAlive: false },
      'hello',
    ],
    [
      'HTTP/1.0',
      'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
      { keepAlive: false },
      'hello',
    ],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { framing: 'none', keepAlive: true }, ''],
    [
      '204 that announces a length',
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
      { framing: 'none' },
      '',
    ],
    [
      '304 with a length',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      { framing: 'none', keepAlive: true },
      '',
    ],
    ['no reason', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { status: 200 }, ''],
    [
      '1xx before it',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello`,
      { status: 200 },
      'hello',
    ],
  ])('by %s', (_name, text, head, body) => {
    const result = readText(text)
    expect(result.head).toMatchObject(head)
    expect(result).toMatchObject({ body, ended: true, taken: text.length })
  })

  test.each(['length', 'chunked'])('of an answer to HEAD ends with the head (%s)', (kind) => {
    const line = kind === 'length' ? 'Content-Length: 5' : 'Transfer-Encoding: chunked'
    expect(readText(`${ok}${line}\r\n\r\n`, { method: 'HEAD' })).toMatchObject({
      ended: true,
      head: { framing: 'none', keepAlive: true },
    })
  })

  test('by the end of the connection is never kept alive', () => {
    const result = readText(`${ok}\r\nhello`, { close: true })
    expect(result).toMatchObject({
      body: 'hello',
      ended: true,
      head: { framing: 'close', keepAlive: false },
    })
  })

  test.each([
    ['a second response', `${ok}Content-Length: 0\r\n\r\n${ok}`, ok.length],
    ['a body after 204', 'HTTP/1.1 204 No Content\r\n\r\nhello', 5],
    ['bytes after the length', `${ok}Content-Length: 2\r\n\r\nhello`, 3],
    ['bytes after the last chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`, 1],
  ])('does not take %s', (_name, text, left) => {
    expect(readText(text).taken).toBe(text.length - left)
  })

  test.each([
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-', {}],
    ['half a body', `${ok}Content-Length: 5\r\n\r\nhel`, {}],
    ['half a chunked body', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`, {}],
    ['chunks without the last one', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, {}],
  ])('the end of the connection after %s is an error', (_name, text) => {
    expect(() => readText(text, { close: true })).toThrow(WireError)
  })
})

describe('refused', () => {
  test.each<[string, string]>([
    ['something else', 'SSH-2.0-x'],
    ['one wrong byte', 'G'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['lower case', 'http/1.1 200 OK\r\n\r\n'],
    ['two spaces before the code', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a code of two digits', 'HTTP/1.1 99 OK\r\n\r\n'],
    ['a code of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['code 600', 'HTTP/1.1 600 OK\r\n\r\n'],
    ['a control character in the reason', 'HTTP/1.1 200 O\x01K\r\n\r\n'],
    ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['a bare LF after the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['a bare LF in the head', `${ok}X: a\nY: b\r\n\r\n`],
    ['a bare CR in a value', `${ok}X: a\rY: b\r\n\r\n`],
    ['a folded line', `${ok}X: a\r\n b\r\n\r\n`],
    ['a folded first line', `${ok} X: a\r\n\r\n`],
    ['a space before the colon', `${ok}X : a\r\n\r\n`],
    ['no colon', `${ok}X\r\n\r\n`],
    ['an empty name', `${ok}: a\r\n\r\n`],
    ['a name that is no token', `${ok}X(: a\r\n\r\n`],
    ['NUL in a value', `${ok}X: a\0\r\n\r\n`],
    ['Content-Length and chunked', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['Content-Length twice', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['a list of lengths', `${ok}Content-Length: 5, 5\r\n\r\nhello`],
    ['a signed length', `${ok}Content-Length: +5\r\n\r\nhello`],
    ['an empty length', `${ok}Content-Length:\r\n\r\nhello`],
    ['a length that no number holds', `${ok}Content-Length: 9007199254740993\r\n\r\n`],
    ['gzip as transfer coding', `${ok}Transfer-Encoding: gzip\r\n\r\n`],
    ['gzip and chunked', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['chunked twice', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['HTTP/1.0 with chunks', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a head above 60 KiB', `${ok}X: ${'a'.repeat(61_440)}`],
    ['101 header lines', `${ok}${'X: a\r\n'.repeat(101)}\r\n`],
    ['17 informational heads', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17)],
    ...[
      '5;a\nb\r\nhello\r\n',
      '5\nhello\r\n',
      '0x5\r\nhello\r\n',
      ' 5\r\nhello\r\n',
      '-5\r\nhello\r\n',
      '\r\nhello\r\n',
      'hello\r\n',
      'ffffffffffffffff\r\n',
      '5\r\nhelloX\r\n',
      '5\r\nhello\n0\r\n\r\n',
      '0\r\n\n',
      '0\r\nX Y: a\r\n\r\n',
      '0\r\nX: a\r\n b\r\n\r\n',
      `5;${'a'.repeat(5_000)}`,
      `0\r\n${'X: a\r\n'.repeat(101)}\r\n`,
    ].map((body): [string, string] => [
      `chunks ${JSON.stringify(body.slice(0, 24))}`,
      `${ok}Transfer-Encoding: chunked\r\n\r\n${body}`,
    ]),
  ])('%s', (_name, text) => {
    expect(() => readText(text)).toThrow(
      expect.objectContaining({ code: 'wire/upstream-protocol' }),
    )
  })

  test('with a message that quotes nothing', () => {
    expect(() => readText(`${ok}Set-Cookie: secret\x01\r\n\r\n`)).toThrow(/^(?!.*secret)/)
  })
})

describe('header lines', () => {
  test('keep order, spelling, repeats and bytes; only white space around them goes', () => {
    const head = parseResponseHead(
      'HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nset-cookie:\t b \t\r\nX:\xe4\r\n',
      'GET',
    )
    expect(head.headers).toEqual([
      ['Set-Cookie', 'a'],
      ['set-cookie', 'b'],
      ['X', '\xe4'],
    ])
  })
})

describe('for any response', () => {
  const samples = [
    `${ok}Content-Length: 11\r\nX: y\r\n\r\nhello world`,
    `HTTP/1.1 100 Continue\r\n\r\n${ok}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: 1\r\n\r\n`,
    `${ok}X: y\r\n\r\nhello world`,
  ].map(bytes)

  /** The same bytes in pieces. */
  function cut(whole: Buffer, places: readonly number[]): Buffer[] {
    const at = [
      0,
      ...places.map((place) => place % whole.length).sort((a, b) => a - b),
      whole.length,
    ]
    return at.slice(1).map((end, index) => whole.subarray(at[index], end))
  }

  test('pieces of any size read the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.nat(), { maxLength: 12 }),
        (sample, places) => {
          expect(read(cut(sample, places), { close: true })).toMatchObject({
            body: 'hello world',
            ended: true,
            taken: sample.length,
          })
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('byte by byte reads the same', () => {
    for (const sample of samples) {
      const pieces = [...sample].map((byte) => Buffer.from([byte]))
      expect(read(pieces, { close: true })).toMatchObject({ body: 'hello world', ended: true })
    }
  })

  test('a head of the largest size, byte by byte, costs no more than its bytes', () => {
    const head = bytes(`${ok}${'a:\r\n'.repeat(12_000)}`)
    const reader = new ResponseReader('GET', { onHead() {}, onData() {}, onEnd() {} })
    const begin = process.cpuUsage()
    for (const byte of head) reader.push(Buffer.from([byte]))
    const { user, system } = process.cpuUsage(begin)
    expect((user + system) / 1000).toBeLessThan(2_000)
  })

  test('mutations are read or refused, alike in one piece and in many, and never crash', () => {
    const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    const outcome = (pieces: Buffer[]) => {
      try {
        return read(pieces)
      } catch (error) {
        if (error instanceof WireError) return 'refused'
        throw error
      }
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (sample, mutations) => {
          const changed = Buffer.from(sample)
          for (const [at, value] of mutations) changed[at % changed.length] = value
          const whole = outcome([changed])
          const parts = outcome([...changed].map((byte) => Buffer.from([byte])))
          // The reader stops at the end of the response, the pieces go on: compare what was read.
          if (whole === 'refused' || parts === 'refused') expect(parts).toBe(whole)
          else
            expect(parts).toMatchObject({ head: whole.head, body: whole.body, ended: whole.ended })
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
