import { existsSync, lstatSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock, type Logger, messageOf } from '@twinlatch/kit'
import { opensDataKeys, rewrapDataKeys } from './data-key-store.ts'
import { syncPath } from './dialects/sqlite-connection.ts'
import { type DatabaseUrl, openEngine } from './engine.ts'
import { StoreError } from './errors.ts'
import { loadMasterKey } from './master-key.ts'
import { migrateOwnTables } from './open.ts'
import { createTransactions } from './transaction.ts'

/** Which database is rekeyed, and the file that its master key lies in. */
export interface RekeyOptions {
  readonly url: DatabaseUrl
  readonly file: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Replaces the master key: wraps every data key anew, and puts the new key into `file`. Sealed
 * values stay as they are. Returns how many data keys there are.
 *
 * At every moment the database opens with one of two files: `file`, or `<file>.new`, which is
 * complete and durable before the database changes and takes the place of `file` after it has. A
 * crash in between is mended by `resumeRekey`. The former key is gone only after success; a backup
 * from before opens with nothing else.
 */
export async function rekeyStore(options: RekeyOptions): Promise<number> {
  const { file, log } = options
  await resumeRekey(options)
  assertReplaceable(file)
  const from = await loadMasterKey({ file, create: false })
  // One that an earlier rekey left, and that never got to the database, does as well.
  const to = await loadMasterKey({ file: newKeyFile(file) })
  const count = await withEngine(options, (transaction) =>
    transaction(async (database) => {
      const rewrapped = await rewrapDataKeys(database, from, to)
      if (await opensDataKeys(database, to)) return rewrapped
      throw new TypeError('a data key does not open with the key it was just wrapped with')
    }),
  )
  putInPlace(file)
  log.info({ event: 'store.rekeyed', dataKeys: count }, 'master key replaced')
  return count
}

/**
 * Ends what a crash left of `rekeyStore`: the new key takes its place if the database has it
 * already. If not, nothing is changed, also not the file: somebody may be about to use it.
 */
export async function resumeRekey(options: RekeyOptions): Promise<void> {
  const { file, log } = options
  const next = newKeyFile(file)
  if (!existsSync(next)) return
  const to = await loadMasterKey({ file: next, create: false })
  const done = await withEngine(options, (_transaction, database) => opensDataKeys(database, to))
  if (done) putInPlace(file)
  log.warn({ event: 'store.rekey_interrupted', done }, 'a rekey was interrupted')
}

async function withEngine<T>(
  { url, clock, log }: RekeyOptions,
  work: (
    transaction: ReturnType<typeof createTransactions>,
    database: Awaited<ReturnType<typeof openEngine>>['database'],
  ) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(url, log)
  try {
    await migrateOwnTables(engine, { clock, log })
    return await work(createTransactions(engine), engine.database)
  } finally {
    await engine.close()
  }
}

function newKeyFile(file: string): string {
  return `${file}.new`
}

/** One step for whoever looks: the former key, or the new one. */
function putInPlace(file: string): void {
  try {
    renameSync(newKeyFile(file), file)
    syncPath(dirname(file))
  } catch (error) {
    throw new StoreError(
      'store/read-only',
      `The database has its new master key, which lies in ${newKeyFile(file)}: move it to ${file} (${messageOf(error)}).`,
      { cause: error },
    )
  }
}

/** Found out before anything is changed: a mounted secret is no file of ours to replace. */
function assertReplaceable(file: string): void {
  const mounted =
    existsSync(file) &&
    (lstatSync(file).isSymbolicLink() || statSync(file).dev !== statSync(dirname(file)).dev)
  if (!mounted) return
  throw new StoreError(
    'store/read-only',
    `${file} is a link or a mount, so it cannot be replaced. Copy it to a place of its own first.`,
  )
}
