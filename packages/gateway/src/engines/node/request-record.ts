import type { Clock, SubaccountId } from '@twinlatch/kit'
import type { Explanation, ExplanationSink } from '@twinlatch/trust'
import { chainBytes, readRequestHead } from '@twinlatch/wire'
import type { ConnectionContext } from './connection.ts'
import { type DecisionSettings, decide, type SeenViews } from './decide.ts'
import { explainRequest } from './explain.ts'
import { recordBytesMax } from './record-size.ts'
import type { RunningPort } from './running.ts'
import { begin, type Denial, type Ending, type Outcome, type Transaction } from './transaction.ts'

type RecordEntry = Parameters<ExplanationSink['record']>[0]

/** What records are rendered with; one object for all of them. */
export interface Rendering extends DecisionSettings {
  readonly clock: Clock
}

/**
 * The record of a request: what was asked, by whom and of which configuration, and how it ended.
 * What came of it in between is worked out again when somebody reads the record. Tens of thousands
 * are kept and hardly any is read, so each is as small and of as few objects as it can be.
 */
export class RequestRecord implements RecordEntry, Outcome {
  readonly id: string
  readonly subaccountId: SubaccountId
  readonly status: number | null
  readonly denial: Denial | null
  brokeOff: string | null = null
  readonly #startedMs: number
  readonly #port: RunningPort
  /** Characters of the request's authority that hosts were compared with; the rest is a port. */
  readonly #authorityLength: number
  readonly #draw: number
  /** 0: the workload was not reached. */
  readonly #attempts: number
  readonly #upstreamMs: number
  readonly #rendering: Rendering
  /** The head as one text: its lines are some fifty objects, which the collector would trace. */
  #request: string | null
  #context: ConnectionContext | null
  #rendered: Explanation | null = null

  constructor(transaction: Transaction, { status, denial }: Ending, rendering: Rendering) {
    const { upstream } = transaction
    this.id = transaction.id
    this.subaccountId = transaction.server.subaccountId
    this.status = status
    this.denial = denial
    this.#startedMs = transaction.startedAt.getTime()
    this.#port = transaction.port
    this.#authorityLength = transaction.authority.length
    this.#draw = transaction.draw
    this.#attempts = upstream === null ? 0 : upstream.attempts
    this.#upstreamMs = upstream === null ? 0 : upstream.ms
    this.#rendering = rendering
    this.#request = transaction.request.text
    this.#context = transaction.context
  }

  get time(): Date {
    return new Date(this.#startedMs)
  }

  get outcome(): 'allowed' | 'denied' {
    return this.denial ? 'denied' : 'allowed'
  }

  render(): Explanation {
    if (this.#rendered) return this.#rendered
    const transaction = this.#again()
    const seen = decideAgain(transaction, this.#rendering)
    if (this.#attempts > 0) {
      const status = this.status ?? 0
      transaction.upstream = { status, ms: this.#upstreamMs, attempts: this.#attempts }
    }
    return explainRequest({ transaction, seen, outcome: this, now: this.#rendering.clock.now() })
  }

  /**
   * Once the request is over: a record that is too large to be kept unread is rendered, and lets go
   * of its request.
   */
  settle(): void {
    const text = this.#request
    if (text === null || !this.#context) return
    if (text.length + chainBytes(this.#context.tls.peerCertificates) <= recordBytesMax) return
    this.#rendered = this.render()
    this.#request = null
    this.#context = null
  }

  #again(): Transaction {
    const text = this.#request
    const context = this.#context
    const server = context && this.#port.servers.get(context.serverKey)
    if (text === null || !context || !server) throw new TypeError('a record could not be rendered')
    const request = readRequestHead(text)
    return begin({
      id: this.id,
      startedAt: this.time,
      request,
      context,
      port: this.#port,
      server: server.server,
      authority: request.authority.slice(0, this.#authorityLength),
      draw: this.#draw,
    })
  }
}

/** Decides a request as it was decided; what its policies were asked with. */
function decideAgain(transaction: Transaction, settings: DecisionSettings): SeenViews {
  const seen: SeenViews = { gateway: null, workload: null }
  try {
    decide(transaction, settings, seen)
  } catch {
    // It failed the first time too, which its record says; what came before that was seen.
  }
  return seen
}
