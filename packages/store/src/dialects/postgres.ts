import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  type PostgresQueryCompiler,
  type QueryResult,
  SelectQueryNode,
  type TransactionSettings,
} from 'kysely'
import type { QueryResult as PostgresResult } from 'pg'
import { StoreError } from '../errors.ts'
import { storeLimits } from '../limits.ts'
import { WriteQueue } from '../write-queue.ts'
import { BytewiseCompiler } from './postgres-compiler.ts'
import { type PooledClient, WatchedPool } from './postgres-pool.ts'
import { parsePostgresUrl } from './postgres-url.ts'

/** An open PostgreSQL: Kysely's dialect for it, and what Kysely has no words for. */
export interface Postgres {
  readonly dialect: PostgresDialect
  readonly queue: WriteQueue
  /** Waits for running writes and closes every connection. Idempotent. */
  close(): Promise<void>
}

/**
 * Number of the lock that every write transaction holds from BEGIN to COMMIT, whichever process it
 * runs in (PostgreSQL manual, 13.3.5): "twinl" in ASCII. The audit log is one chain, so writers
 * would wait for one another anyway; a lock taken first makes them wait before they read.
 */
const writeLock = 0x7477696e6c

/**
 * Opens a pool for the URL; nothing is connected yet. Reads run side by side; a write is alone
 * among the writes of this process by the queue, and among those of all processes by the lock.
 */
export function openPostgres(url: string): Postgres {
  parsePostgresUrl(url)
  const pool = new WatchedPool(url)
  const queue = new WriteQueue()
  const state: State = { pool, queue }
  let closing: Promise<void> | undefined
  return {
    queue,
    dialect: new QueuedDialect(state),
    close() {
      closing ??= queue.close().then(() => pool.close())
      return closing
    },
  }
}

interface State {
  readonly pool: WatchedPool
  readonly queue: WriteQueue
}

class QueuedDialect extends PostgresDialect {
  readonly #state: State

  constructor(state: State) {
    super({ pool: state.pool.forKysely })
    this.#state = state
  }

  override createDriver(): Driver {
    return new QueuedDriver(this.#state)
  }

  override createQueryCompiler(): PostgresQueryCompiler {
    return new BytewiseCompiler()
  }
}

class QueuedDriver implements Driver {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Session> {
    return new Session(this.#state)
  }

  beginTransaction(session: Session, { accessMode }: TransactionSettings): Promise<void> {
    return accessMode === 'read only' ? session.beginSnapshot() : session.begin()
  }

  commitTransaction(session: Session): Promise<void> {
    return session.commit()
  }

  rollbackTransaction(session: Session): Promise<void> {
    return session.rollback()
  }

  releaseConnection(session: Session): Promise<void> {
    return session.rollback()
  }

  async destroy(): Promise<void> {}
}

interface OpenTransaction {
  readonly client: PooledClient
  /** Gives the turn to write back. */
  readonly release: () => void
}

/** One use of the database: a single statement, or everything between BEGIN and COMMIT. */
class Session implements DatabaseConnection {
  readonly #state: State
  #open: OpenTransaction | null = null

  constructor(state: State) {
    this.#state = state
  }

  /** The lock is a statement of its own, so that all later ones see what its last holder did. */
  async begin(): Promise<void> {
    const release = await this.#state.queue.acquire()
    try {
      await this.#beginWith(`begin; select pg_advisory_xact_lock(${writeLock})`, release)
    } catch (error) {
      release()
      throw error
    }
  }

  /** One consistent state for as long as it takes, without holding any writer up. */
  beginSnapshot(): Promise<void> {
    return this.#beginWith('begin isolation level repeatable read read only', () => undefined)
  }

  async #beginWith(text: string, release: () => void): Promise<void> {
    const client = await this.#state.pool.connect()
    try {
      await this.#send(client, text)
    } catch (error) {
      client.release(true)
      throw error
    }
    this.#open = { client, release }
  }

  /** Keeps the turn when it fails, so that the rollback that follows still owns the connection. */
  async commit(): Promise<void> {
    if (!this.#open) return
    const { client, release } = this.#open
    const { command } = await this.#send(client, 'commit')
    // After a statement failed, COMMIT is answered with ROLLBACK.
    if (command !== 'COMMIT') throw new TypeError('a failed statement of this transaction was kept')
    this.#open = null
    client.release()
    release()
  }

  async rollback(): Promise<void> {
    if (!this.#open) return
    const { client, release } = this.#open
    this.#open = null
    let broken = false
    try {
      await this.#send(client, 'rollback')
    } catch {
      // The server rolls back by itself what a lost connection left open.
      broken = true
    } finally {
      client.release(broken)
      release()
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#open) return this.#run(this.#open.client, query)
    if (SelectQueryNode.is(query.query)) return this.#read(query)
    await this.begin()
    try {
      const result = await this.#run<R>(this.#transaction().client, query)
      await this.commit()
      return result
    } finally {
      await this.rollback()
    }
  }

  /** All at once: a listing of ours is small, and a cursor would hold a connection. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  async #read<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const client = await this.#state.pool.connect()
    let broken = true
    try {
      const result = await this.#run<R>(client, query)
      broken = false
      return result
    } catch (error) {
      broken = error instanceof StoreError
      throw error
    } finally {
      client.release(broken)
    }
  }

  #transaction(): OpenTransaction {
    if (this.#open) return this.#open
    throw new TypeError('there is no open transaction')
  }

  /** The result of the last of one or more statements without parameters. */
  #send(client: PooledClient, text: string): Promise<PostgresResult> {
    return this.#state.pool.ask(client, storeLimits.silenceMs, async () => {
      const result: PostgresResult | PostgresResult[] = await client.query(text)
      return Array.isArray(result) ? (result.at(-1) as PostgresResult) : result
    })
  }

  #run<R>(client: PooledClient, query: CompiledQuery): Promise<QueryResult<R>> {
    const isSchema = /^(?:Create|Alter|Drop)/.test(query.query.kind)
    const silenceMs = isSchema ? storeLimits.schemaSilenceMs : storeLimits.silenceMs
    return this.#state.pool.ask(client, silenceMs, async () => {
      const { command, rowCount, rows } = await client.query(query.sql, [...query.parameters])
      const counts = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
      return {
        // The row type is what Kysely derived from the query.
        rows: rows as R[],
        ...(counts ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}),
      }
    })
  }
}
