import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresPool as KyselyPool } from 'kysely'
import { Pool } from 'pg'
import { StoreError } from '../errors.ts'
import { storeLimits } from '../limits.ts'
import { WatchedClient } from './postgres-client.ts'
import { translatePostgresError } from './postgres-error.ts'

/** A connection that is in use until it is released; a broken one is not used again. */
export type PooledClient = WatchedClient & { release(broken?: boolean): void }

/**
 * Connections to one PostgreSQL, none before it is needed. Every wait has an end: for a connection,
 * for an answer, for leave; and a server that fell silent is left alone for a moment, so that not
 * everybody waits for it in turn.
 */
export class WatchedPool {
  readonly #pool: Pool
  readonly #clients = new Set<WatchedClient>()
  readonly #idle = new Set<WatchedClient>()
  #closed = false
  /** Monotonic time until which a silent database is not asked again. */
  #awayUntilMs = 0

  constructor(url: string) {
    this.#pool = new Pool({
      Client: WatchedClient,
      connectionString: url,
      application_name: 'twinlatch',
      max: storeLimits.connectionsMax,
      connectionTimeoutMillis: storeLimits.connectTimeoutMs,
      idleTimeoutMillis: storeLimits.connectionIdleMs,
      lock_timeout: storeLimits.lockWaitMs,
      statement_timeout: storeLimits.statementTimeoutMs,
      idle_in_transaction_session_timeout: storeLimits.transactionPauseMs,
      keepAlive: true,
      // Nothing here keeps a process alive that has nothing else to do.
      allowExitOnIdle: true,
    })
    // An idle connection that the server cuts is replaced when the next one is needed.
    this.#pool.on('error', () => undefined)
    this.#pool.on('connect', (client) => {
      // In use, it fails its next statement; without a listener the event would end the process.
      client.on('error', () => undefined)
      this.#clients.add(watched(client))
    })
    this.#pool.on('remove', (client) => {
      this.#clients.delete(watched(client))
      this.#idle.delete(watched(client))
    })
    this.#pool.on('acquire', (client) => this.#idle.delete(watched(client)))
    this.#pool.on('release', (_error, client) => this.#idle.add(watched(client)))
  }

  /** For Kysely, whose dialect wants to know it. */
  get forKysely(): KyselyPool {
    return this.#pool
  }

  async connect(): Promise<PooledClient> {
    if (this.#closed) throw new StoreError('store/stopped', 'The database was closed.')
    const startedMs = performance.now()
    if (startedMs < this.#awayUntilMs) {
      throw translatePostgresError(new Error('it did not answer just now'))
    }
    const full = this.#pool.totalCount >= storeLimits.connectionsMax
    try {
      return watched(await this.#pool.connect())
    } catch (error) {
      // In a full pool it may be our own statements that one waited for.
      const waitedMs = performance.now() - startedMs
      if (!full && waitedMs >= storeLimits.connectTimeoutMs) this.#turnAway()
      throw translatePostgresError(error)
    }
  }

  /** The outcome of `work`, statements on `client`, unless the server is silent for `silenceMs`. */
  async ask<T>(client: PooledClient, silenceMs: number, work: () => Promise<T>): Promise<T> {
    try {
      return await client.answered(work(), silenceMs)
    } catch (error) {
      if (client.silent) this.#turnAway()
      throw translatePostgresError(error)
    }
  }

  /** Every connection leaves by itself, unless the server is frozen. */
  async close(): Promise<void> {
    this.#closed = true
    const ended = this.#pool.end()
    await Promise.race([ended, delay(storeLimits.goodbyeMs, undefined, { ref: false })])
    for (const client of this.#clients) client.abandon()
  }

  /** What lies ready went the same way; to find that out of each would take as long again. */
  #turnAway(): void {
    for (const client of this.#idle) client.abandon()
    this.#awayUntilMs = performance.now() + storeLimits.silencePauseMs
  }
}

/** The pool makes no others. */
function watched<T extends object>(client: T): T & WatchedClient {
  if (client instanceof WatchedClient) return client
  throw new TypeError('a connection that nobody watches')
}
