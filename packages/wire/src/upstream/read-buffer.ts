/**
 * The memory that an upstream socket reads into. While heads and small bodies come, all connections
 * share one buffer, and what must stay is copied; during a long body a connection has buffers of its
 * own, and full ones are handed over as they are.
 */
export class ReadBuffer {
  /** Bytes that are only there during the call; nobody listens before the connection is in use. */
  onData: ((chunk: Buffer) => void) | null = null
  readonly #shared: Buffer
  #current: Buffer
  #own = false
  #handedOver = false
  #paused = false

  constructor(shared: Buffer) {
    this.#shared = shared
    this.#current = shared
  }

  /** For the option `onread` of a socket. */
  get onread(): {
    buffer: () => Uint8Array
    callback: (bytes: number, buffer: Uint8Array) => boolean
  } {
    return {
      buffer: () => this.#next(),
      callback: (bytes) => this.#read(bytes),
    }
  }

  /** From now on what is read is mostly kept. */
  own(): void {
    this.#own = true
  }

  /** From now on what is read is mostly looked at and forgotten; a pause is over. */
  share(): void {
    this.#own = false
    this.#paused = false
  }

  /** Stops reading after the current chunk; `socket.resume()` goes on. */
  pause(): void {
    this.#paused = true
  }

  /** A part of the current chunk that may be kept. */
  copy(data: Buffer): Buffer {
    return Buffer.from(data)
  }

  /** The same, without copying what is worth a buffer of its own. */
  take(data: Buffer): Buffer {
    if (!this.#own || this.#current === this.#shared || data.length < handedOverBytesMin) {
      return this.copy(data)
    }
    this.#handedOver = true
    return data
  }

  #read(bytes: number): boolean {
    this.#paused = false
    this.onData?.(this.#current.subarray(0, bytes))
    return !this.#paused
  }

  #next(): Buffer {
    if (!this.#own) this.#current = this.#shared
    else if (this.#handedOver || this.#current === this.#shared) {
      this.#current = Buffer.allocUnsafeSlow(readBufferBytes)
    }
    this.#handedOver = false
    return this.#current
  }
}

/** What one read takes at most: the size that Node itself reads with. */
export const readBufferBytes = 65_536

/** A smaller part does not justify keeping the whole buffer alive. */
const handedOverBytesMin = 16_384
