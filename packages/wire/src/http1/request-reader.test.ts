import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { RequestRefusal } from './request-fault.ts'
import { readRequestHead } from './request-head.ts'
import { type AcceptedHead, RequestReader } from './request-reader.ts'

const H = 'Host: a.example\r\n'
const get = (...lines: string[]) =>
  `GET / HTTP/1.1\r\n${H}${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const bytes = (text: string) => Buffer.from(text, 'latin1')

/** What a reader makes of the pieces: each whole request, and how it ended. */
function read(pieces: readonly Buffer[]) {
  const requests: string[] = []
  let body = ''
  const reader: RequestReader = new RequestReader({
    onHead: ({ head }) => {
      requests.push(`${head.method} ${head.target} ${JSON.stringify(head.headers)}`)
      body = ''
    },
    onData: (data) => {
      body += data.toString('latin1')
    },
    onEnd: () => {
      requests.push(`${requests.pop()} ${body}`)
    },
  })
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        if (reader.done) reader.next()
        at += reader.push(piece.subarray(at))
      }
    }
    const open = reader.begun && !reader.done
    return { requests: reader.inBody ? requests.slice(0, -1) : requests, fault: null, open }
  } catch (error) {
    if (error instanceof RequestRefusal) return { requests, fault: error.fault, open: false }
    throw error
  }
}

const readText = (text: string) => read([bytes(text)])
const readBytewise = (text: string) => read([...bytes(text)].map((byte) => Buffer.of(byte)))

describe('reads', () => {
  test.each<[string, string, string[]]>([
    ['a request without a body', get(), [`GET / [["Host","a.example"]] `]],
    [
      'order, spelling, repeats and bytes; only white space around values goes',
      get('x-A: 1', 'X-a:\t 2 \t', 'X:\xe4'),
      [`GET / [["Host","a.example"],["x-A","1"],["X-a","2"],["X","\xe4"]] `],
    ],
    [
      'a body by its length, and the request behind it',
      `${get('Content-Length: 3')}abc${get()}`,
      [`GET / [["Host","a.example"],["Content-Length","3"]] abc`, `GET / [["Host","a.example"]] `],
    ],
    [
      'chunks, without extensions and trailers',
      `${get('Transfer-Encoding: chunked')}2;a=b\r\nab\r\n0001 \r\nc\r\n0\r\nT: x\r\n\r\n${get()}`,
      [`GET / [["Host","a.example"]] abc`, `GET / [["Host","a.example"]] `],
    ],
    [
      'four empty lines before a request',
      `\r\n\r\n\r\n\r\n${get()}`,
      [`GET / [["Host","a.example"]] `],
    ],
  ])('%s, in one piece and byte by byte', (_name, text, requests) => {
    expect(readText(text)).toEqual({ requests, fault: null, open: false })
    expect(readBytewise(text)).toEqual({ requests, fault: null, open: false })
  })

  test.each(['G', 'GET', 'GET /', 'GET / HTTP/1.1\r\n', `GET / HTTP/1.1\r\n${H}\r`])(
    '%j as the beginning of something',
    (text) => {
      expect(readText(text)).toEqual({ requests: [], fault: null, open: true })
    },
  )

  test('a header section of exactly the largest size', () => {
    const text = get(`X: ${'a'.repeat(61_440 - get('X: ').length)}`)
    expect(text).toHaveLength(61_440)
    expect(readText(text).fault).toBeNull()
    expect(readText(text.replace('X: ', 'X: a')).fault?.status).toBe(431)
  })
})

test.each([
  ['\r', '\nG'],
  ['\r\n', 'G'],
  ['\r\n\r\n', 'G'],
  ['\r\n\r', '\nG'],
])('empty lines begin no request: %j behind a body leaves the connection idle', (lines, rest) => {
  const reader = new RequestReader({ onHead() {}, onData() {}, onEnd() {} })
  reader.push(bytes(lines))
  expect(reader.begun).toBe(false)
  reader.push(bytes(rest))
  expect(reader.begun).toBe(true)
})

describe('refuses before the head is complete', () => {
  test.each<[string, string, number]>([
    ['a bare LF', 'GET / HTTP/1.1\n', 400],
    ['a bare LF as empty line', '\n', 400],
    ['a TLS record', '\x16\x03\x01\x02\x00\x01', 400],
    ['an endless method', 'A'.repeat(40), 400],
    ['HTTP/0.9', 'GET /\r\n', 426],
    ['HTTP/1.0', `GET / HTTP/1.0\r\n`, 0],
    ['a request line of four parts', 'GET / a HTTP/1.1\r\n', 400],
    ['another protocol', 'GET / RTSP/1.1\r\n', 400],
    ['five empty lines', '\r\n'.repeat(5), 400],
    ['a header section above its size', `GET /${'a'.repeat(61_440)}`, 431],
  ])('%s', (_name, text, status) => {
    expect(readText(text).fault?.status ?? 0).toBe(status)
    expect(readBytewise(text).fault?.status ?? 0).toBe(status)
  })
})

describe('refuses', () => {
  test.each<[string, string]>([
    ['NUL in a value', get('X: a\0b')],
    ['DEL in a value', get('X: a\x7f')],
    ['a bare CR in a value', get('X: a\rb')],
    ['an empty name', get(': a')],
    ['a name with a space', get('X : a')],
    ['a name that is no token', get('X(: a')],
    ['a line without a colon', get('X')],
    ['a folded line', get('X: a', ' b')],
    ['two spaces before the target', `GET  / HTTP/1.1\r\n${H}\r\n`],
    ['a space behind the version', `GET / HTTP/1.1 \r\n${H}\r\n`],
  ])('%s', (_name, text) => {
    expect(readText(text).fault?.status).toBe(400)
    expect(readBytewise(text).fault?.status).toBe(400)
  })

  test('and says where, without quoting a value', () => {
    const { fault } = readText(get('X: b', 'Authorization: Bearer secret\x01'))
    expect(fault?.detail).toContain('Authorization')
    expect(fault?.detail).not.toContain('secret')
  })
})

describe('for any bytes', () => {
  const samples = [
    get(),
    `${get('Content-Length: 3')}abc${get()}`,
    `${get('Transfer-Encoding: chunked')}2;a=b\r\nab\r\n0\r\nT: x\r\n\r\n${get()}`,
    `\r\n${get('Connection: close, x', 'X: y')}`,
  ]
  const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))

  test('pieces of any size read the same, whatever was changed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(mutation, { maxLength: 4 }),
        (sample, mutations) => {
          const changed = bytes(sample)
          for (const [at, value] of mutations) changed[at % changed.length] = value
          const whole = read([changed])
          const parts = read([...changed].map((byte) => Buffer.of(byte)))
          // Byte by byte another fault may be seen first; what was served before it is the same.
          expect(parts.requests).toEqual(whole.requests)
          expect(parts.fault === null).toBe(whole.fault === null)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('the text of a head, which records keep, gives the same head again', () => {
    let heads = 0
    const onHead = ({ head }: AcceptedHead) => {
      heads += 1
      expect(readRequestHead(head.text)).toEqual(head)
    }
    fc.assert(
      fc.property(fc.constantFrom(...samples), mutation, (sample, [at, value]) => {
        const changed = bytes(sample)
        changed[at % changed.length] = value
        const reader = new RequestReader({ onHead, onData() {}, onEnd() {} })
        try {
          reader.push(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(RequestRefusal)
        }
      }),
      { numRuns: 1_000 },
    )
    expect(heads).toBeGreaterThan(100)
  })

  test('a head of the largest size, byte by byte, costs no more than its bytes', () => {
    const head = bytes(`GET / HTTP/1.1\r\n${'a:\r\n'.repeat(12_000)}`)
    const reader = new RequestReader({ onHead() {}, onData() {}, onEnd() {} })
    const begin = process.cpuUsage()
    for (const byte of head) reader.push(Buffer.of(byte))
    const { user, system } = process.cpuUsage(begin)
    expect((user + system) / 1_000).toBeLessThan(2_000)
  })

  test('a request line without end, byte by byte, is searched once for it', () => {
    const line = bytes(`GET /${'a'.repeat(3_000)}`)
    const reader = new RequestReader({ onHead() {}, onData() {}, onEnd() {} })
    const search = vi.spyOn(Buffer.prototype, 'indexOf')
    try {
      for (const byte of line) reader.push(Buffer.of(byte))
      const searched = search.mock.contexts.map(({ length }, call) => {
        return length - Number(search.mock.calls[call]?.[1] ?? 0)
      })
      expect(searched.reduce((sum, count) => sum + count, 0)).toBeLessThan(line.length * 20)
    } finally {
      search.mockRestore()
    }
  })
})
