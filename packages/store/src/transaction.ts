import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from './database.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'

/** Runs work as one transaction, alone among all writers; see `Store.transaction`. */
export type RunTransaction = <T>(work: (database: Database) => Promise<T>) => Promise<T>

/** Longest of the random pauses before a change is made again. */
const conflictPauseMs = 50

/**
 * Transactions on `engine`. One that the database gave up because of another (SQLSTATE 40001,
 * 40P01: somebody who does not take our lock) is made again, `work` and all, a few times.
 */
export function createTransactions({ database, queue }: Engine): RunTransaction {
  return async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await database
          .transaction()
          .execute((handle) => queue.inTransaction(() => work(handle)))
      } catch (error) {
        const conflict = error instanceof StoreError && error.code === 'store/conflict'
        if (!conflict || attempt > storeLimits.conflictRetriesMax) throw error
        await delay(Math.random() * conflictPauseMs * attempt)
      }
    }
  }
}
