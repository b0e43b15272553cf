/** The last `capacity` things put in, newest first; an older one makes room and is returned. */
export class Ring<T> {
  readonly #slots: (T | undefined)[]
  #next = 0

  constructor(capacity: number) {
    this.#slots = new Array<T | undefined>(capacity).fill(undefined)
  }

  push(value: T): T | undefined {
    const evicted = this.#slots[this.#next]
    this.#slots[this.#next] = value
    this.#next = (this.#next + 1) % this.#slots.length
    return evicted
  }

  *newestFirst(): Generator<T> {
    for (let back = 1; back <= this.#slots.length; back++) {
      const value = this.#slots[(this.#next - back + this.#slots.length) % this.#slots.length]
      if (value === undefined) return
      yield value
    }
  }
}
