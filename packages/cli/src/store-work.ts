import { constants, copyFileSync, existsSync } from 'node:fs'
import { chmod, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Secret, silentLogger, systemClock } from '@twinlatch/kit'
import {
  acquireHomeLock,
  type CopyReport,
  copyStore,
  type DatabaseUrl,
  type HomeLock,
  rekeyStore,
} from '@twinlatch/store'
import { CliError, exitCodes } from './cli-error.ts'
import { databaseUrlOf, parseDatabaseUrl, readDatabaseUrl } from './database-url.ts'
import { type Home, homeAt } from './home.ts'
import { assertWritable } from './output-file.ts'
import { serviceMigrations } from './serve/services.ts'

const tools = { clock: systemClock, log: silentLogger } as const

/**
 * Writes a backup, an SQLite file whichever database it is of, complete or not at all. Returns how
 * many rows it has.
 */
export async function backUpStore(home: Home, file: string, force: boolean): Promise<number> {
  const url = databaseUrlOf(home)
  assertExists(url, home)
  await assertWritable(file, { force })
  const target = resolve(file)
  const partial = `${target}.${process.pid}.partial`
  try {
    const { tables } = await copyStore({
      from: url,
      to: `sqlite:${partial}`,
      sets: serviceMigrations,
      ...tools,
    })
    await chmod(partial, 0o600)
    await rename(partial, target)
    return tables.reduce((sum, { rows }) => sum + rows, 0)
  } finally {
    for (const end of ['', '-wal', '-shm']) await rm(`${partial}${end}`, { force: true })
  }
}

/** Copies a whole database while no server runs on a home of either; see `copyStore`. */
export async function copyStores(
  from: DatabaseUrl,
  to: DatabaseUrl,
): Promise<CopyReport['tables']> {
  assertFileExists(from)
  const locks: HomeLock[] = []
  try {
    for (const url of [from, to]) {
      const lock = await lockHomeOf(url)
      if (lock) locks.push(lock)
    }
    return (await copyStore({ from, to, sets: serviceMigrations, ...tools })).tables
  } finally {
    for (const lock of locks) await lock.stop()
  }
}

/** Replaces the master key of a home on which no server runs; see `rekeyStore`. */
export async function rekeyHome(home: Home, keepFormer: string | null): Promise<number> {
  const url = databaseUrlOf(home)
  assertExists(url, home)
  const lock = await acquireHomeLock(home.directory)
  try {
    if (keepFormer !== null) keepKey(home.masterKey, keepFormer)
    const count = await rekeyStore({ url, file: home.masterKey, ...tools })
    // Only the former key opens them; the next start writes them anew.
    for (const file of [home.snapshot, home.controlIdentity]) await rm(file, { force: true })
    return count
  } finally {
    await lock.stop()
  }
}

/** One side of a copy: the URL, the one in the file, or else that of the environment. */
export function chooseDatabase(
  url: string | undefined,
  file: string | undefined,
  flag: '--from' | '--to',
): DatabaseUrl {
  if (file !== undefined) return readDatabaseUrl(file)
  if (url !== undefined) return parseDatabaseUrl(url, `${flag}-file`)
  const named = databaseUrlOf(homeAt('.'))
  if (named instanceof Secret) return named
  throw new CliError(`Neither ${flag} nor TWINLATCH_DATABASE_URL is given.`, {
    exitCode: exitCodes.usage,
    cure: `Give ${flag} URL, ${flag}-file FILE, or set TWINLATCH_DATABASE_URL.`,
  })
}

/** A file in a home, and not any other one: then its server must not run. */
async function lockHomeOf(url: DatabaseUrl): Promise<HomeLock | null> {
  if (typeof url !== 'string') return null
  const directory = dirname(url.slice('sqlite:'.length))
  return existsSync(join(directory, 'lock.db')) ? acquireHomeLock(directory) : null
}

function assertExists(url: DatabaseUrl, home: Home): void {
  if (typeof url !== 'string' || existsSync(home.database)) return
  throw new CliError(`There is no installation in ${home.directory}.`, {
    cure: 'Name its home with --home DIR, or its database with TWINLATCH_DATABASE_URL.',
  })
}

/** Opening a file makes it; a source must be there. */
function assertFileExists(url: DatabaseUrl): void {
  if (typeof url !== 'string' || existsSync(url.slice('sqlite:'.length))) return
  throw new CliError(`There is no file ${url.slice('sqlite:'.length)}.`)
}

function keepKey(masterKey: string, file: string): void {
  try {
    // The copy has the mode of the key: 0600.
    copyFileSync(masterKey, file, constants.COPYFILE_EXCL)
  } catch (error) {
    throw new CliError(`The former key cannot be kept in ${file}.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}
