import { Readable } from 'node:stream'

/**
 * Body of a message that is being received. Most answers fit into the chunk that brought their
 * head: whoever asks after that finds the body complete and can take it in one piece, without a
 * single event.
 */
export class ReceivedBody extends Readable {
  #complete = false

  /** The last byte was pushed. */
  finish(): void {
    this.#complete = true
    this.push(null)
  }

  /** All of it, if it is here already and nobody has begun to read; else `null`. */
  takeWhole(): Buffer | null {
    if (!this.#complete || this.destroyed || this.readableDidRead) return null
    // Also for an empty one: reading is what lets the stream end and be let go.
    const bytes: Buffer | null = this.read()
    return bytes ?? Buffer.alloc(0)
  }
}
