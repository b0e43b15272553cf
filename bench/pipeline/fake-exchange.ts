import { Readable } from 'node:stream'
import {
  type Exchange,
  type HeaderLines,
  type RequestHead,
  type ResponseHead,
  readRequestHead,
  type UpstreamPool,
  type UpstreamRequest,
} from '@twinlatch/wire'
import type { ConnectionContext } from '../../packages/gateway/src/engines/node/connection.ts'
import type { Connection } from './in-process.ts'

type ExchangeOfGateway = Exchange<ConnectionContext>

/** An exchange without a socket: its head is read from `text` by the parser of the edge. */
export class FakeExchange implements ExchangeOfGateway {
  readonly connection: Connection
  readonly request: RequestHead
  readonly body = null
  responded = false
  status = 0
  readonly signal = neverAborted

  constructor(connection: Connection, text: string) {
    this.connection = connection
    // Without the empty line at its end.
    this.request = readRequestHead(text.slice(0, -2))
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
