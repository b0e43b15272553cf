import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, messageOf, type Stoppable } from '@twinlatch/kit'
import { StoreError } from '@twinlatch/store'

/** Between two attempts: each asks one connection of a database that may be busy coming up. */
const pauseMs = 2_000

/**
 * Makes `attempt` until it succeeds or this is stopped, which waits for the one that runs. What goes
 * wrong but for the database being away is an error in the log every time: somebody must see to it.
 */
export function reconnect(
  attempt: () => Promise<void>,
  { log, pause = pauseMs }: { log: Logger; pause?: number },
): Stoppable {
  const end = new AbortController()
  const running = (async () => {
    for (;;) {
      await delay(pause, undefined, { signal: end.signal }).catch(() => undefined)
      if (end.signal.aborted) return
      try {
        await attempt()
        log.warn({ event: 'database.reached' }, 'the database is back; everything serves again')
        return
      } catch (error) {
        const away = error instanceof StoreError && error.code === 'store/unreachable'
        const facts = { event: 'database.attempt_failed', reason: messageOf(error) }
        if (away) log.debug(facts, 'the database is still away')
        else log.error(facts, 'the database is there, but cannot be used')
      }
    }
  })()
  return {
    async stop() {
      end.abort()
      await running
    },
  }
}
