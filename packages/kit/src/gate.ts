/** At most `running` works at a time, at most `waiting` in line behind them, first come first served. */
export class Gate {
  readonly #running: number
  readonly #waiting: number
  readonly #line: (() => void)[] = []
  #active = 0

  constructor(options: { running: number; waiting: number }) {
    this.#running = options.running
    this.#waiting = options.waiting
  }

  /** Works in line now, for an estimate of the wait. */
  get length(): number {
    return this.#line.length
  }

  get full(): boolean {
    return this.#active >= this.#running && this.#line.length >= this.#waiting
  }

  /** The result of `work`, or `null` at once when the line is full. */
  async pass<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.full) return null
    if (this.#active < this.#running) this.#active++
    // The one that leaves hands its place over, so the count stays.
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#active--
    }
  }
}
