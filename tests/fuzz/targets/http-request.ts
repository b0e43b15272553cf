import { isDeepStrictEqual } from 'node:util'
import { RequestRefusal } from '../../../packages/wire/src/http1/request-fault.ts'
import { readRequestHead } from '../../../packages/wire/src/http1/request-head.ts'
import { RequestReader } from '../../../packages/wire/src/http1/request-reader.ts'
import { wireLimits } from '../../../packages/wire/src/limits.ts'
import { expectThat, type FuzzTarget } from '../target.ts'
import { readWithLlhttp } from './llhttp.ts'

const next = 'GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n'
const corpus = [
  `GET /a?b=c HTTP/1.1\r\nHost: a.example:8443\r\nAccept: */*\r\nTE: trailers\r\n\r\n${next}`,
  `POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc${next}`,
  `PUT /%2e/ HTTP/1.1\r\nHost: [::1]:1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n${next}`,
  `\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: x-a\r\nExpect: 100-continue\r\nX-A: \xe4\r\n\r\n${next}`,
]

/**
 * Requests of a connection, beside Node's own parser: what we serve, it reads too and reads alike,
 * but for the differences in `llhttp.ts`; pieces of any size say the same as the whole.
 */
export const httpRequest: FuzzTarget = {
  name: 'http-request',
  kind: 'text',
  words: [
    ...['Content-Length: 5', 'Content-Length', 'Transfer-Encoding: chunked', 'chunked', 'Upgrade'],
    ...[
      'Connection: close',
      'Host: a.example',
      'HTTP/1.1',
      'HTTP/1.0',
      '\r\n',
      '\r\n\r\n',
      '0\r\n\r\n',
    ],
    ...[
      'ffffffffffffff',
      '5;a=b\r\n',
      ' ',
      '\t',
      'GET ',
      'CONNECT',
      'http://a.example/',
      '\0',
      ':',
      next,
    ],
  ],
  corpus: async () => corpus.map((text) => Buffer.from(text, 'latin1')),
  run(input) {
    const bytes = Buffer.from(input)
    const whole = readRequests([bytes])
    const size = 1 + (bytes.length % 7)
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    expectThat(
      readRequests(pieces).requests.join('\n') === whole.requests.join('\n'),
      'the same requests in pieces',
    )
    const theirs = readWithLlhttp(bytes)
    for (const [at, request] of whole.requests.entries()) {
      if (theirs.requests[at] === undefined && theirs.isListed) break
      expectThat(theirs.requests[at] === request, `request ${at} as Node reads it`)
    }
    return whole.fault === null && whole.requests.length > 0
  },
  refuses: () => false,
}

/** Every whole request as `method target body`, and why reading ended. */
function readRequests(pieces: readonly Buffer[]): { requests: string[]; fault: string | null } {
  const requests: string[] = []
  let [start, body, last] = ['', '', false]
  const reader = new RequestReader({
    onHead: ({ head, isLast }) => {
      last = isLast
      const hosts = head.headers.filter(([name]) => name.toLowerCase() === 'host')
      expectThat(hosts.length === 1, 'exactly one Host')
      expectThat(head.headers.length <= wireLimits.headerLinesMax, 'a bounded number of lines')
      expectThat(isDeepStrictEqual(readRequestHead(head.text), head), 'the same head of its text')
      start = `${head.method} ${head.target}`
      body = ''
    },
    onData: (data) => {
      body += data.toString('latin1')
    },
    onEnd: () => requests.push(`${start} ${body}`),
  })
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        // As a connection does: what follows a request with `Connection: close` is nobody's.
        if (reader.done && last) return { requests, fault: null }
        if (reader.done) reader.next()
        at += reader.push(piece.subarray(at))
      }
    }
    return { requests, fault: null }
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error
    expectThat(error.fault.status >= 400 && error.fault.detail !== '', 'a refusal says why')
    return { requests, fault: error.fault.detail }
  }
}
