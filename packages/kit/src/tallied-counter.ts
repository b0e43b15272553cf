import { Counter, type Registry } from 'prom-client'

/** The count of one combination of labels, since it was last read out. */
export interface Tally {
  count: number
}

/**
 * A counter for the path of requests: labels are resolved once, then counting is an addition. What
 * was counted enters the exposition when that is read. Tallies live as long as the counter, so no
 * label may hold what a caller chooses freely.
 */
export class TalliedCounter<Label extends string> {
  readonly #names: readonly Label[]
  readonly #tallies = new Map<string, { readonly labels: Record<Label, string>; tally: Tally }>()

  constructor(options: {
    readonly name: string
    readonly help: string
    readonly labelNames: readonly Label[]
    readonly registers: Registry[]
  }) {
    this.#names = options.labelNames
    const tallies = this.#tallies
    new Counter<Label>({
      ...options,
      collect() {
        for (const { labels, tally } of tallies.values()) {
          if (tally.count > 0) this.inc(labels, tally.count)
          tally.count = 0
        }
      },
    })
  }

  /** Always the same object for the same labels. */
  tally(labels: Record<Label, string>): Tally {
    const key = JSON.stringify(this.#names.map((name) => labels[name]))
    const known = this.#tallies.get(key)
    if (known) return known.tally
    const tally = { count: 0 }
    this.#tallies.set(key, { labels, tally })
    return tally
  }
}
