import type { Clock, SubaccountId } from '@twinlatch/kit'
import type { Explanation, ExplanationSink } from '@twinlatch/trust'
import type { DecisionSettings } from './decide.ts'
import { explainRequest } from './explain.ts'
import type { Outcome, Transaction } from './transaction.ts'

type RecordEntry = Parameters<ExplanationSink['record']>[0]

/** What a record is rendered with; the same for all of them. */
interface Rendering {
  readonly settings: DecisionSettings
  readonly clock: Clock
}

/** The record of a request; rendered when somebody reads it. */
export class RequestRecord implements RecordEntry {
  readonly id: string
  readonly time: Date
  readonly subaccountId: SubaccountId
  readonly outcome: 'allowed' | 'denied'
  #source: Transaction | null
  #rendered: Explanation | null = null
  readonly #outcome: Outcome
  readonly #settings: DecisionSettings
  readonly #clock: Clock

  constructor(transaction: Transaction, outcome: Outcome, { settings, clock }: Rendering) {
    this.id = transaction.id
    this.time = transaction.startedAt
    this.subaccountId = transaction.server.subaccountId
    this.outcome = outcome.denial ? 'denied' : 'allowed'
    this.#source = transaction
    this.#outcome = outcome
    this.#settings = settings
    this.#clock = clock
  }

  render(): Explanation {
    if (this.#rendered) return this.#rendered
    if (!this.#source) throw new TypeError('a record could not be rendered')
    const at = { settings: this.#settings, now: this.#clock.now() }
    return explainRequest(this.#source, this.#outcome, at)
  }

  /** Renders now, once for all, and lets go of the request. */
  settle(): void {
    this.#rendered = this.render()
    this.#source = null
  }
}
