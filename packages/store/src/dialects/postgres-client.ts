import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type ClientConfig } from 'pg'
import { storeLimits } from '../limits.ts'

/** How often a connection that owes an answer is looked at. */
const tickMs = 500

/**
 * A connection that is given up when its server falls silent: one that was frozen, or behind a
 * network that swallows packets, neither answers nor closes, and the kernel waits for hours.
 */
export class WatchedClient extends Client {
  readonly #socket: Socket
  #silent = false

  constructor(config: ClientConfig = {}) {
    const socket = new Socket()
    super({ ...config, stream: () => socket })
    this.#socket = socket
  }

  /** Whether it was given up because no answer came. */
  get silent(): boolean {
    return this.#silent
  }

  /**
   * The outcome of `work`, statements sent on this connection. It fails, and the connection with it,
   * when no byte at all comes for `silenceMs`: a long answer may take longer than that. Counted in
   * ticks, so that a process that was itself held up still reads what lies there.
   */
  async answered<T>(work: Promise<T>, silenceMs: number): Promise<T> {
    let seen = this.#socket.bytesRead
    let silentMs = 0
    const timer = setInterval(() => {
      const { bytesRead } = this.#socket
      silentMs = bytesRead === seen ? silentMs + tickMs : 0
      seen = bytesRead
      if (silentMs < silenceMs) return
      this.#silent = true
      this.#socket.destroy(new Error(`no answer for ${silenceMs / 1000} s`))
    }, tickMs)
    timer.unref()
    try {
      return await work
    } finally {
      clearInterval(timer)
    }
  }

  /** Says goodbye, but does not wait long for a server that may not be listening. */
  async close(): Promise<void> {
    const ended = this.end().catch(() => undefined)
    await Promise.race([ended, delay(storeLimits.goodbyeMs, undefined, { ref: false })])
    this.abandon()
  }

  /** Cuts the connection at once. */
  abandon(): void {
    this.#socket.destroy()
  }
}
