import type { Socket } from 'node:net'
import type { Logger } from '@twinlatch/kit'
import type { AcceptedConnection, ListenerHandler } from '../exchange.ts'
import { HttpDate } from '../http1/answer-head.ts'
import type { WireLimits } from '../limits.ts'
import { EdgeConnection, type EdgeSettings } from './edge-connection.ts'

/**
 * HTTP/1.1 on the accepted connections of one listener. Everything of gateway.md section 9.4 is
 * refused here, before a handler sees it. The interface to the outside is `Exchange`.
 */
export class HttpEdge<Context> {
  readonly #settings: EdgeSettings<Context>
  readonly #connections = new Set<EdgeConnection<Context>>()
  readonly #clock: NodeJS.Timeout
  #draining = false
  #onEmpty: (() => void) | null = null

  constructor(handler: ListenerHandler<Context>, limits: WireLimits, log: Logger) {
    const draining = () => this.#draining
    this.#settings = { handler, limits, log, draining, date: new HttpDate() }
    // One clock for all: a timer per connection would be set anew with every request.
    this.#clock = setInterval(() => this.#checkTimes(), limits.timeoutCheckIntervalMs).unref()
  }

  /** Begins to read HTTP from a connection that was accepted. */
  adopt(socket: Socket, accepted: AcceptedConnection<Context>): void {
    if (this.#draining) {
      socket.destroy()
      return
    }
    const connection = new EdgeConnection(socket, accepted, this.#settings)
    this.#connections.add(connection)
    socket.once('close', () => {
      this.#connections.delete(connection)
      if (this.#connections.size === 0) this.#onEmpty?.()
    })
  }

  /** Ends idle connections at once, the others after their running request; destroys after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    for (const connection of this.#connections) if (!connection.busy) connection.end()
    const timer = setTimeout(() => {
      for (const { socket } of this.#connections) socket.destroy()
    }, graceMs)
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
    }
    clearTimeout(timer)
    clearInterval(this.#clock)
  }

  #checkTimes(): void {
    const now = performance.now()
    for (const connection of this.#connections) connection.checkTime(now)
  }
}
