import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { fileError } from '../file-error.ts'
import { storeLimits } from '../limits.ts'
import { translateSqliteError } from './sqlite-error.ts'

interface Prepared {
  readonly statement: StatementSync
  readonly returnsRows: boolean
}

/** One statement's outcome; `changes` is `null` for a statement that returns rows. */
export interface StatementResult {
  readonly rows: unknown[]
  readonly changes: bigint | null
}

/** A connection with its prepared statements. Errors come out as `StoreError` where they are one. */
export class SqliteConnection {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, Prepared>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** False after COMMIT, and after an error upon which SQLite itself rolled back. */
  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  run(sql: string, parameters: readonly unknown[] = []): StatementResult {
    try {
      const { statement, returnsRows } = this.#prepare(sql)
      const values = parameters as SQLInputValue[]
      if (returnsRows) return { rows: statement.all(...values), changes: null }
      return { rows: [], changes: BigInt(statement.run(...values).changes) }
    } catch (error) {
      throw translateSqliteError(error)
    }
  }

  close(): void {
    this.#prepared.clear()
    this.#database.close()
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql)
    if (known) return known
    const statement = this.#database.prepare(sql)
    const prepared = { statement, returnsRows: statement.columns().length > 0 }
    const [oldest] = this.#prepared.keys()
    if (oldest !== undefined && this.#prepared.size >= storeLimits.statementsMax) {
      this.#prepared.delete(oldest)
    }
    this.#prepared.set(sql, prepared)
    return prepared
  }
}

/**
 * The connection that writes: WAL with an fsync per commit (`synchronous=FULL`), so that what was
 * acknowledged survives a crash of the process and of the machine. The file is made with mode 0600.
 */
export function openWriter(path: string): SqliteConnection {
  createPrivateFile(path)
  const connection = connect(path, false)
  try {
    for (const pragma of [
      'journal_mode = wal',
      'synchronous = full',
      `journal_size_limit = ${storeLimits.walBytesMax}`,
      'trusted_schema = off',
    ]) {
      connection.run(`pragma ${pragma}`)
    }
    // SQLite opens a file it may not write without complaint; only a write lock tells.
    connection.run('begin immediate')
    connection.run('rollback')
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/** The connection that reads what is committed, and nothing else. */
export function openReader(path: string): SqliteConnection {
  return connect(path, true)
}

function connect(path: string, readOnly: boolean): SqliteConnection {
  try {
    return new SqliteConnection(
      new DatabaseSync(path, {
        readOnly,
        timeout: storeLimits.busyTimeoutMs,
        enableForeignKeyConstraints: true,
        enableDoubleQuotedStringLiterals: false,
        allowExtension: false,
      }),
    )
  } catch (error) {
    throw translateSqliteError(error)
  }
}

/** Creates the file unless it exists, for its owner only; SQLite gives `-wal` the same rights. */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600))
    syncPath(dirname(path))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'EEXIST') return
    throw fileError(path, error)
  }
}

/** Makes a file's content, or the names in a directory, durable. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
