import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteDialect,
  type TransactionSettings,
} from 'kysely'
import { StoreError } from '../errors.ts'
import { WriteQueue } from '../write-queue.ts'
import { openReader, openWriter, type SqliteConnection } from './sqlite-connection.ts'

/** An open SQLite database: Kysely's dialect for it, and what Kysely has no words for. */
export interface Sqlite {
  readonly dialect: SqliteDialect
  readonly queue: WriteQueue
  /** A consistent copy of what is committed, made by SQLite itself; `path` is empty or absent. */
  copyTo(path: string): Promise<void>
  /** Waits for running writes, folds the log into the file and closes it. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens the file with two connections. Queries outside a transaction that only select use the
 * reading one, which sees what is committed; everything else takes its turn on the writing one.
 * With `readOnly` there is none that writes: a file that somebody else writes is not even locked.
 */
export function openSqlite(path: string, { readOnly = false } = {}): Sqlite {
  const writer = readOnly ? openReader(path) : openWriter(path)
  const reader = openReaderBeside(writer, path)
  const queue = new WriteQueue()
  const state: Connections = { path, writer, reader, queue, closed: false }
  let closing: Promise<void> | undefined
  return {
    queue,
    dialect: new TwoConnectionDialect(state),
    async copyTo(target) {
      const release = await queue.acquire()
      try {
        writer.run('vacuum into ?', [target])
      } finally {
        release()
      }
    },
    close() {
      closing ??= closeAll(state)
      return closing
    },
  }
}

function openReaderBeside(writer: SqliteConnection, path: string): SqliteConnection {
  try {
    return openReader(path)
  } catch (error) {
    writer.close()
    throw error
  }
}

async function closeAll(connections: Connections): Promise<void> {
  await connections.queue.close()
  connections.closed = true
  connections.reader.close()
  connections.writer.close()
}

interface Connections {
  readonly path: string
  readonly writer: SqliteConnection
  readonly reader: SqliteConnection
  readonly queue: WriteQueue
  closed: boolean
}

class TwoConnectionDialect extends SqliteDialect {
  readonly #connections: Connections

  constructor(connections: Connections) {
    super({
      database: () => Promise.reject(new TypeError('this dialect brings its own connections')),
    })
    this.#connections = connections
  }

  override createDriver(): Driver {
    return new TwoConnectionDriver(this.#connections)
  }

  override createAdapter(): SqliteAdapter {
    return new QueuedAdapter()
  }
}

/** Turns Kysely's own lock off: it would make readers wait for every open transaction. */
class QueuedAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class TwoConnectionDriver implements Driver {
  readonly #connections: Connections

  constructor(connections: Connections) {
    this.#connections = connections
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Session> {
    return new Session(this.#connections)
  }

  async beginTransaction(session: Session, { accessMode }: TransactionSettings): Promise<void> {
    if (accessMode === 'read only') session.beginSnapshot()
    else await session.begin()
  }

  async commitTransaction(session: Session): Promise<void> {
    session.commit()
  }

  async rollbackTransaction(session: Session): Promise<void> {
    session.rollback()
  }

  async releaseConnection(session: Session): Promise<void> {
    session.rollback()
  }

  async destroy(): Promise<void> {}
}

/** One use of the database: a single statement, or everything between BEGIN and COMMIT. */
class Session implements DatabaseConnection {
  readonly #connections: Connections
  /** Gives the writer back; set while a transaction is open. */
  #release: (() => void) | null = null
  /** A reader of its own: the shared one must go on showing what is committed. */
  #snapshot: SqliteConnection | null = null

  constructor(connections: Connections) {
    this.#connections = connections
  }

  async begin(): Promise<void> {
    const release = await this.#connections.queue.acquire()
    try {
      // IMMEDIATE: a transaction that reads first must not find out at its first write that
      // somebody else wrote in between.
      this.#connections.writer.run('begin immediate')
    } catch (error) {
      release()
      throw error
    }
    this.#release = release
  }

  /** One consistent state for as long as it takes, without holding any writer up. */
  beginSnapshot(): void {
    this.#snapshot = openReader(this.#connections.path)
    this.#snapshot.run('begin')
  }

  /** Keeps the turn when it fails, so that the rollback that follows still owns the writer. */
  commit(): void {
    if (this.#snapshot) {
      this.rollback()
      return
    }
    this.#connections.writer.run('commit')
    this.#release?.()
    this.#release = null
  }

  rollback(): void {
    this.#snapshot?.close()
    this.#snapshot = null
    if (!this.#release) return
    try {
      // SQLite has rolled back by itself after a full disk or a failed write.
      if (this.#connections.writer.inTransaction) this.#connections.writer.run('rollback')
    } finally {
      this.#release()
      this.#release = null
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { writer, reader, queue } = this.#connections
    if (this.#release) return run(writer, query)
    if (this.#snapshot) return run(this.#snapshot, query)
    if (SelectQueryNode.is(query.query)) {
      if (this.#connections.closed)
        throw new StoreError('store/stopped', 'The database was closed.')
      return run(reader, query)
    }
    const release = await queue.acquire()
    try {
      return run(writer, query)
    } finally {
      release()
    }
  }

  /** Rows of one chunk: an open cursor would hold the log back from being folded into the file. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }
}

function run<R>(connection: SqliteConnection, query: CompiledQuery): QueryResult<R> {
  const { rows, changes } = connection.run(query.sql, query.parameters)
  // The row type is what Kysely derived from the query.
  return {
    rows: rows as R[],
    ...(changes === null ? {} : { numAffectedRows: changes }),
  }
}
