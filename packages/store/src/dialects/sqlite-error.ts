import { StoreError, type StoreErrorCode } from '../errors.ts'

interface Meaning {
  readonly code: StoreErrorCode
  readonly message: string
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that are a state of the world. */
const meanings = new Map<number, Meaning>([
  [5, { code: 'store/busy', message: 'Another process holds the database.' }],
  [6, { code: 'store/busy', message: 'Another connection holds a table of the database.' }],
  [8, { code: 'store/read-only', message: 'The database cannot be written. Check its rights.' }],
  [10, { code: 'store/io', message: 'The disk failed to read or write the database.' }],
  [11, { code: 'store/corrupt', message: 'The database file is damaged. Restore a copy of it.' }],
  [13, { code: 'store/disk-full', message: 'The disk is full. Free some space and try again.' }],
  [14, { code: 'store/cannot-open', message: 'The database file cannot be opened.' }],
  [26, { code: 'store/corrupt', message: 'The file is not an SQLite database.' }],
])

/** SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE. */
const uniqueCodes = new Set([1555, 2067])

/**
 * What SQLite reported, as a `StoreError` where it is a state of the world (full, read-only, taken
 * name), else unchanged: a violated NOT NULL or wrong SQL is our bug. Messages name no values.
 */
export function translateSqliteError(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error
  const extended = Number(error.errcode)
  if (uniqueCodes.has(extended)) {
    const columns = /UNIQUE constraint failed: ([\w., ]+)/.exec(error.message)?.[1] ?? 'a key'
    return new StoreError('store/duplicate', `There is a row with this ${columns} already.`, {
      cause: error,
    })
  }
  const meaning = meanings.get(extended & 0xff)
  return meaning ? new StoreError(meaning.code, meaning.message, { cause: error }) : error
}
