import { WireError } from '@twinlatch/wire'
import { ChunkedDecoder } from '../../../packages/wire/src/http1/chunked.ts'
import { ResponseReader } from '../../../packages/wire/src/http1/response.ts'
import { bytesOf, expectThat, type FuzzTarget } from '../target.ts'

const words = [
  ...['Content-Length: 5', 'Transfer-Encoding: chunked', 'Connection: close', 'Host: a.example'],
  ...[
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 103 \r\n',
    '\r\n',
    '\r\n\r\n',
    '0\r\n\r\n',
    'chunked',
    'Upgrade',
  ],
  ...[
    'ffffffffffffff',
    '5;a=b\r\n',
    'GET',
    'CONNECT',
    'http://a.example/',
    'x-forwarded-for',
    '\0',
  ],
]
const ok = 'HTTP/1.1 200 OK\r\n'

/** Responses of upstreams: cut anywhere, they say the same. */
export const httpResponse: FuzzTarget = {
  name: 'http-response',
  kind: 'text',
  words,
  corpus: async () =>
    bytesOf(
      `${ok}Content-Length: 5\r\nX: y\r\n\r\nhello`,
      `${ok}Transfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n`,
      `HTTP/1.1 103 Early\r\nLink: a\r\n\r\n${ok}Connection: close\r\n\r\nto the end`,
      'HTTP/1.0 304 Not Modified\r\n\r\n',
    ),
  run(input) {
    const whole = readResponse([input])
    const cut = input.length % 7
    const pieces = Array.from({ length: Math.ceil(input.length / (cut + 1)) }, (_, index) =>
      input.subarray(index * (cut + 1), (index + 1) * (cut + 1)),
    )
    expectThat(readResponse(pieces) === whole, 'the same response in pieces')
    return !whole.startsWith('wire/')
  },
  refuses: (error) => error instanceof WireError,
}

/** What came of reading, as one text. */
function readResponse(pieces: readonly Uint8Array[]): string {
  const seen: string[] = []
  const data: Buffer[] = []
  let taken = 0
  try {
    const reader = new ResponseReader('GET', {
      onHead: (head) => seen.push(JSON.stringify(head)),
      onData: (piece) => data.push(piece),
      onEnd: () => seen.push('end'),
    })
    for (const piece of pieces) {
      if (reader.done) break
      taken += reader.push(Buffer.from(piece))
    }
    const body = Buffer.concat(data).toString('latin1')
    if (!reader.done) return `${seen.join(' ')} open ${body}`
    return `${seen.join(' ')} ${taken} ${body}`
  } catch (error) {
    if (error instanceof WireError) return error.code
    throw error
  }
}

/** Chunked bodies alone: never more data than there were bytes. */
export const chunkedBody: FuzzTarget = {
  name: 'chunked-body',
  kind: 'text',
  words,
  corpus: async () =>
    bytesOf('5\r\nhello\r\n0\r\n\r\n', 'A;x="y"\r\n0123456789\r\n00\r\nA: b\r\nC: d\r\n\r\n'),
  run(input) {
    let bytes = 0
    const decoder = new ChunkedDecoder()
    const taken = decoder.push(Buffer.from(input), (data) => {
      bytes += data.length
    })
    expectThat(bytes <= taken && taken <= input.length, 'no data that did not come')
    return decoder.done
  },
  refuses: (error) => error instanceof WireError,
}
