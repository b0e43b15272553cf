import type { Metrics, Tally } from '@twinlatch/kit'
import type { CompiledRoute } from '../../compiled.ts'
import type { Outcome, Transaction } from './transaction.ts'

/** Counts requests and decisions; the labels of each kind of request are put together once. */
export class RequestTallies {
  readonly #metrics: Metrics
  readonly #byRoute = new WeakMap<CompiledRoute, (Tally | undefined)[]>()
  readonly #withoutRoute: (Tally | undefined)[] = []
  readonly #allowed: Tally
  readonly #denied: Tally
  readonly #notAllowed: Tally

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    const { authzDecisions } = metrics
    this.#allowed = authzDecisions.tally({ action: 'ALLOW', outcome: 'allowed' })
    this.#notAllowed = authzDecisions.tally({ action: 'ALLOW', outcome: 'denied' })
    this.#denied = authzDecisions.tally({ action: 'DENY', outcome: 'denied' })
  }

  count(transaction: Transaction, outcome: Outcome): void {
    this.#requestTally(transaction, outcome).count += 1
    const { denial } = outcome
    if (!denial) this.#allowed.count += 1
    else if (denial.stage === 'policy') {
      const tally = denial.code === 'POL_DENY_MATCHED' ? this.#denied : this.#notAllowed
      tally.count += 1
    }
  }

  #requestTally({ route, request }: Transaction, { status, denial }: Outcome): Tally {
    const tallies = route ? this.#ofRoute(route) : this.#withoutRoute
    const method = methods.indexOf(request.method)
    const hundreds = status === null ? 0 : Math.floor(status / 100)
    const index = ((method + 1) * hundredsMax + hundreds) * 2 + (denial ? 1 : 0)
    const known = tallies[index]
    if (known) return known
    const tally = this.#metrics.httpRequests.tally({
      route: route?.name ?? '',
      method: method < 0 ? 'other' : request.method,
      status_class: status === null ? 'none' : `${hundreds}xx`,
      outcome: denial ? 'denied' : 'allowed',
    })
    tallies[index] = tally
    return tally
  }

  #ofRoute(route: CompiledRoute): (Tally | undefined)[] {
    const known = this.#byRoute.get(route)
    if (known) return known
    const tallies: (Tally | undefined)[] = []
    this.#byRoute.set(route, tallies)
    return tallies
  }
}

/** A label never holds what a caller chooses freely. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/** First digits of three-digit status numbers. */
const hundredsMax = 10
