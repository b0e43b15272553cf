import type { Refuse } from './field-lines.ts'

/**
 * Collects a head from pieces of any size, up to the empty line that ends it. Adding to an unfinished
 * one costs no more than what is added. Bare line feeds are refused as they come, not when the peer
 * gets tired.
 */
export class HeadBuffer {
  readonly #bytesMax: number
  readonly #tooLarge: () => Error
  readonly #refuse: Refuse
  /** With room behind the `#length` bytes that are there. */
  #store: Buffer = Buffer.alloc(0)
  #length = 0
  /** Bytes of the last piece that belonged to the head. */
  taken = 0

  constructor(bytesMax: number, errors: { tooLarge: () => Error; refuse: Refuse }) {
    this.#bytesMax = bytesMax
    this.#tooLarge = errors.tooLarge
    this.#refuse = errors.refuse
  }

  /** Bytes of an unfinished head that are held. */
  get length(): number {
    return this.#length
  }

  clear(): void {
    this.#length = 0
  }

  /**
   * The head with the line end of its last line, without the empty line behind it, as latin1; or
   * `null`, and then `partial` is asked about the text so far. `taken` says what was used of `bytes`.
   */
  take(bytes: Buffer, partial: (text: Buffer) => void): string | null {
    const before = this.#length
    const joined = before === 0 ? bytes : this.#append(bytes)
    const end = joined.indexOf('\r\n\r\n', Math.max(0, before - 3), 'latin1')
    const length = end === -1 ? joined.length : end + 4
    if (length > this.#bytesMax) throw this.#tooLarge()
    this.taken = length - before
    if (end === -1) {
      this.#checkLineEnds(joined, before)
      partial(joined)
      // A copy: the piece belongs to the socket, and a view would keep all of it alive.
      if (before === 0) this.#append(bytes)
      this.#length = joined.length
      return null
    }
    if (before !== 0) this.#store = Buffer.alloc(0)
    this.#length = 0
    return joined.toString('latin1', 0, end + 2)
  }

  /** What is held, with `bytes` behind it; nothing is taken over yet. */
  #append(bytes: Buffer): Buffer {
    const length = this.#length + bytes.length
    if (length > this.#store.length) {
      const grown = Buffer.alloc(length * 2)
      this.#store.copy(grown, 0, 0, this.#length)
      this.#store = grown
    }
    bytes.copy(this.#store, this.#length)
    return this.#store.subarray(0, length)
  }

  #checkLineEnds(bytes: Buffer, from: number): void {
    for (let at = bytes.indexOf(0x0a, from); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
      if (bytes[at - 1] !== 0x0d) throw this.#refuse('a bare LF as line end')
    }
  }
}
