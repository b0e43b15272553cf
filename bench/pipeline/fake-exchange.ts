import { Readable } from 'node:stream'
import type {
  Exchange,
  HeaderLines,
  RequestHead,
  ResponseHead,
  UpstreamPool,
  UpstreamRequest,
} from '@twinlatch/wire'
import type { ConnectionContext } from '../../packages/gateway/src/engines/node/connection.ts'
import type { Connection } from './in-process.ts'

type ExchangeOfGateway = Exchange<ConnectionContext>

/** An exchange without a socket: its head is read from `text` as a parser would, lines and all. */
export class FakeExchange implements ExchangeOfGateway {
  readonly connection: Connection
  readonly request: RequestHead
  readonly body = null
  responded = false
  status = 0
  readonly signal = neverAborted

  constructor(connection: Connection, text: string) {
    this.connection = connection
    this.request = readHead(text)
  }

  respond({ status }: ResponseHead): Promise<void> {
    this.responded = true
    this.status = status
    return done
  }

  abort(): void {
    this.responded = true
  }
}

const done = Promise.resolve()

/** The notice of a client that stays; one for all, as listening to it is the edge's cost. */
const neverAborted = new AbortController().signal

function readHead(text: string): RequestHead {
  const first = text.indexOf('\r\n')
  const space = text.indexOf(' ')
  const headers: [string, string][] = []
  let authority = ''
  let at = first + 2
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end <= at) break
    const colon = text.indexOf(':', at)
    const name = text.slice(at, colon)
    const value = text.slice(colon + 2, end)
    if (name.length === 4 && name === 'Host') authority = value
    headers.push([name, value])
    at = end + 2
  }
  return {
    method: text.slice(0, space),
    target: text.slice(space + 1, text.indexOf(' ', space + 1)),
    authority,
    headers,
  }
}

/** A workload that answers at once, always the same 256 bytes. */
export function createFakePool(): UpstreamPool & { readonly last: UpstreamRequest | null } {
  const body = new Readable({ read: () => {} })
  const headers: HeaderLines = [
    ['Content-Type', 'application/octet-stream'],
    ['Content-Length', '256'],
    ['Server', 'workload'],
  ]
  const answer = { status: 200, headers, body }
  const pool = {
    last: null as UpstreamRequest | null,
    async request(request: UpstreamRequest) {
      pool.last = request
      return answer
    },
    stop: async () => {},
  }
  return pool
}
