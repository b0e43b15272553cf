import { type Logger, messageOf, type Stoppable } from '@twinlatch/kit'
import { storeLimits } from '../limits.ts'
import { WatchedClient } from './postgres-client.ts'

/** Name of the channel; it is the database's own, so that databases do not hear one another. */
export const changeChannel = 'twinlatch_changes'

/**
 * Calls `wake` whenever any process announces a change, and whenever the connection is there again
 * after it was lost, because what was announced in between is never delivered (PostgreSQL manual,
 * NOTIFY). Tries until it is stopped.
 */
export function listenForChanges(url: string, wake: () => void, log: Logger): Stoppable {
  let stopped = false
  let client: WatchedClient | undefined
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
    const next = new WatchedClient({
      connectionString: url,
      application_name: 'twinlatch changes',
      connectionTimeoutMillis: storeLimits.connectTimeoutMs,
      keepAlive: true,
    })
    client = next
    const lost = (reason: string) => {
      if (client === next) retry(reason)
    }
    next.on('error', (error) => lost(messageOf(error)))
    next.on('end', () => lost('the connection ended'))
    next.on('notification', wake)
    try {
      await next.connect()
      await ask(next, `listen ${changeChannel}`)
    } catch (error) {
      next.abandon()
      return retry(messageOf(error))
    }
    if (failures > 0) log.info({ event: 'store.connection_restored' }, 'the database is back')
    failures = 0
    wake()
  }
  // A connection that only listens would never learn that nobody is there any more.
  const heartbeat = setInterval(() => {
    if (!timer && client) void ask(client, 'select 1').catch(() => undefined)
  }, storeLimits.heartbeatMs)
  heartbeat.unref()
  void connect()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      clearInterval(heartbeat)
      await client?.close()
    },
  }
}

/** Its failure is an event of the connection. */
function ask(client: WatchedClient, text: string): Promise<unknown> {
  return client.answered(client.query(text), storeLimits.silenceMs)
}
