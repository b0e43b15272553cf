/** Bytes that wait, in one piece. Adding costs no more than what is added, however small it is. */
export class HeldBytes {
  /** With room behind the `#length` bytes that are there, unless it is a view of somebody else's. */
  #store: Buffer | null = null
  #length = 0
  #own = false

  get length(): number {
    return this.#length
  }

  add(bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (this.#store === null) this.#store = bytes
    else {
      if (!this.#own || length > this.#store.length) {
        const grown = Buffer.allocUnsafeSlow(length * 2)
        this.#store.copy(grown, 0, 0, this.#length)
        this.#store = grown
        this.#own = true
      }
      bytes.copy(this.#store, this.#length)
    }
    this.#length = length
  }

  /** All of it; nothing is held any more. */
  take(): Buffer | null {
    const held = this.#store?.subarray(0, this.#length) ?? null
    this.#store = null
    this.#length = 0
    this.#own = false
    return held
  }
}
