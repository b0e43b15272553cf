import { Readable } from 'node:stream'

/** Body of a message that is being received, for what did not come together with its head. */
export class ReceivedBody extends Readable {
  readonly #more: () => void
  /** Pieces that wait to be read. */
  #pieces = 0

  constructor(options: {
    /** The reader wants more: go on reading from the socket. */
    read: () => void
    /** The reader gave up. */
    destroy?: (error: Error | null, done: (error: Error | null) => void) => void
  }) {
    const { read, ...others } = options
    super({ ...others, highWaterMark: receivedBytesAhead })
    this.#more = read
  }

  override _read(): void {
    if (this.#pieces < receivedPiecesAhead) this.#more()
  }

  /** Answers whether more may come. */
  override push(data: Buffer | null): boolean {
    this.#pieces += 1
    const free = super.push(data)
    if (this.readableLength === 0) this.#pieces = 0
    return free && this.#pieces < receivedPiecesAhead
  }

  override read(size?: number): unknown {
    const full = this.#pieces >= receivedPiecesAhead
    const data: unknown = super.read(size)
    if (data !== null) this.#pieces = this.readableLength === 0 ? 0 : this.#pieces - 1
    // Node does not ask for more by itself: to its mind it still waits for an answer.
    if (full && this.#pieces < receivedPiecesAhead) this.#more()
    return data
  }
}

/** Two reads: one is being written while the next one comes. */
const receivedBytesAhead = 131_072

/** A piece costs some 600 bytes, be it a single one: a peer must not turn 1 byte into that. */
const receivedPiecesAhead = 1_024
