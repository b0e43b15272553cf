import { type Logger, messageOf, type Stoppable } from '@twinlatch/kit'
import { Client } from 'pg'
import { storeLimits } from '../limits.ts'

/** Name of the channel; it is the database's own, so that databases do not hear one another. */
export const changeChannel = 'twinlatch_changes'

/**
 * Calls `wake` whenever any process announces a change, and whenever the connection is there again
 * after it was lost, because what was announced in between is never delivered (PostgreSQL manual,
 * NOTIFY). Tries until it is stopped.
 */
export function listenForChanges(url: string, wake: () => void, log: Logger): Stoppable {
  let stopped = false
  let client: Client | undefined
  let timer: NodeJS.Timeout | undefined
  let failures = 0

  const retry = (reason: string) => {
    if (stopped || timer) return
    if (failures === 0) {
      log.warn({ event: 'store.connection_lost', reason }, 'the database is away; trying again')
    }
    const waitMs = Math.min(storeLimits.reconnectMinMs * 2 ** failures, storeLimits.reconnectMaxMs)
    failures += 1
    timer = setTimeout(() => {
      timer = undefined
      void connect()
    }, waitMs)
    timer.unref()
  }
  const connect = async () => {
    const next = new Client({
      connectionString: url,
      application_name: 'twinlatch changes',
      connectionTimeoutMillis: storeLimits.connectTimeoutMs,
      keepAlive: true,
    })
    client = next
    next.on('error', (error) => retry(messageOf(error)))
    next.on('end', () => retry('the connection ended'))
    next.on('notification', wake)
    try {
      await next.connect()
      await next.query(`listen ${changeChannel}`)
    } catch (error) {
      await next.end().catch(() => undefined)
      return retry(messageOf(error))
    }
    if (failures > 0) log.info({ event: 'store.connection_restored' }, 'the database is back')
    failures = 0
    wake()
  }
  void connect()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
