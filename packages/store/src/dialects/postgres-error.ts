import { messageOf } from '@twinlatch/kit'
import { DatabaseError } from 'pg'
import { StoreError, type StoreErrorCode } from '../errors.ts'

interface Meaning {
  readonly code: StoreErrorCode
  readonly message: string
}

const conflict: Meaning = {
  code: 'store/conflict',
  message: 'Another change came in between. Try again.',
}
const away: Meaning = { code: 'store/unreachable', message: 'The database cannot be reached.' }
const full: Meaning = {
  code: 'store/disk-full',
  message: 'The disk of the database is full. Free some space and try again.',
}
const refused: Meaning = {
  code: 'store/cannot-open',
  message: 'The database refused the login. Check user, password and rights.',
}
const damaged: Meaning = {
  code: 'store/corrupt',
  message: 'The database is damaged. Restore a copy of it.',
}

/** SQLSTATE codes (PostgreSQL manual, appendix A) that are a state of the world. */
const meanings = new Map<string, Meaning>([
  ['40001', conflict],
  ['40P01', conflict],
  ['55P03', { code: 'store/busy', message: 'A write of another process did not end in time.' }],
  ['57014', { code: 'store/busy', message: 'The database took too long to answer.' }],
  ['53300', { code: 'store/busy', message: 'The database has no connection left for us.' }],
  ['53200', { code: 'store/busy', message: 'The database is out of memory.' }],
  ['53100', full],
  ['25006', { code: 'store/read-only', message: 'The database cannot be written just now.' }],
  ['58030', { code: 'store/io', message: 'The disk of the database failed.' }],
  ['57P01', away],
  ['57P02', away],
  ['57P03', away],
  ['57P05', away],
  ['25P03', away],
  ['28000', refused],
  ['28P01', refused],
  ['42501', refused],
  ['3D000', { code: 'store/cannot-open', message: 'There is no database of this name.' }],
  ['XX001', damaged],
  ['XX002', damaged],
])

/**
 * What PostgreSQL or the connection to it reported, as a `StoreError` where it is a state of the
 * world, else unchanged: wrong SQL is our bug. Whatever the server quotes of a row is taken out.
 */
export function translatePostgresError(error: unknown): unknown {
  if (error instanceof StoreError || error instanceof TypeError) return error
  if (!(error instanceof DatabaseError)) {
    // No answer of the server at all: refused, reset, timed out, or closed in the middle.
    return new StoreError('store/unreachable', away.message, { cause: plainly(error) })
  }
  // DETAIL and CONTEXT of a violated constraint hold the values of the row.
  error.detail = undefined
  error.where = undefined
  error.internalQuery = undefined
  if (error.code === '23505') {
    const name = error.constraint ?? 'a key'
    return new StoreError('store/duplicate', `There is a row with this ${name} already.`, {
      cause: error,
    })
  }
  const code = error.code ?? ''
  const meaning = meanings.get(code) ?? (code.startsWith('08') ? away : undefined)
  return meaning ? new StoreError(meaning.code, meaning.message, { cause: error }) : error
}

/** Errors of sockets may have no message, only a code. */
function plainly(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new Error([code, messageOf(error)].filter((part) => part !== '').join(': '))
}
