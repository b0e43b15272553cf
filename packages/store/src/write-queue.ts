import { AsyncLocalStorage } from 'node:async_hooks'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'

interface Turn {
  start(release: () => void): void
  timer: NodeJS.Timeout
}

/**
 * One writer at a time, in order of arrival. The database has one write connection; whoever holds
 * the turn owns it from BEGIN to COMMIT, so that two asynchronous transactions never interleave
 * and a statement from outside never joins an open transaction.
 */
export class WriteQueue {
  readonly #waiting = new Set<Turn>()
  readonly #inside = new AsyncLocalStorage<{ open: boolean }>()
  #taken = false
  #closed = false

  /**
   * The turn, as the function that gives it back. Rejects with `store/busy` when the wait or the
   * queue gets too long, and with an assertion when the caller's own transaction is what it would
   * wait for.
   */
  async acquire(): Promise<() => void> {
    if (this.#inside.getStore()?.open) {
      throw new TypeError('a write outside the open transaction: use the handle it was given')
    }
    if (this.#closed) throw new StoreError('store/stopped', 'The database was closed.')
    return this.#take()
  }

  /** Runs `work` marked as a transaction, which turns a write past its handle into an assertion. */
  async inTransaction<T>(work: () => Promise<T>): Promise<T> {
    const mark = { open: true }
    try {
      return await this.#inside.run(mark, work)
    } finally {
      mark.open = false
    }
  }

  /** Refuses new writes and resolves when all earlier ones are done. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#take()
  }

  #take(): Promise<() => void> {
    if (!this.#taken) {
      this.#taken = true
      return Promise.resolve(this.#releaser())
    }
    if (this.#waiting.size >= storeLimits.writesWaitingMax) {
      return Promise.reject(new StoreError('store/busy', 'Too many writes wait for the database.'))
    }
    return new Promise((resolve, reject) => {
      const turn: Turn = {
        start: resolve,
        timer: setTimeout(() => {
          this.#waiting.delete(turn)
          reject(new StoreError('store/busy', 'A write before this one did not end in time.'))
        }, storeLimits.writeWaitMs),
      }
      this.#waiting.add(turn)
    })
  }

  #releaser(): () => void {
    let released = false
    return () => {
      if (released) return
      released = true
      const [next] = this.#waiting
      if (!next) {
        this.#taken = false
        return
      }
      this.#waiting.delete(next)
      clearTimeout(next.timer)
      next.start(this.#releaser())
    }
  }
}
