import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import type { Stoppable } from '@twinlatch/kit'
import { createPrivateFile } from './dialects/sqlite-connection.ts'
import { translateSqliteError } from './dialects/sqlite-error.ts'
import { StoreError } from './errors.ts'
import { fileError } from './file-error.ts'
import { storeLimits } from './limits.ts'

/** A home that is ours until `stop`, or until the process is gone in whatever way. */
export interface HomeLock extends Stoppable {
  readonly pid: number
  readonly startedAt: string
}

interface Holder {
  readonly pid: number
  readonly startedAt: string
}

/**
 * Takes the home `dir` for this process, or fails with `store/home-in-use` and the holder's pid.
 * The lock is an open exclusive transaction on `lock.db`, which the kernel gives up with the
 * process, so none is ever left behind. Who holds it stands in `lock.json` beside it.
 *
 * POSIX locks go when the process closes any handle of the file: read `lock.db` by no other means.
 */
export async function acquireHomeLock(
  dir: string,
  { pid = process.pid, now = new Date() }: { pid?: number; now?: Date } = {},
): Promise<HomeLock> {
  const holderFile = join(dir, 'lock.json')
  const database = lockDatabase(join(dir, 'lock.db'))
  if (!database) throw await inUse(dir, holderFile)
  const holder: Holder = { pid, startedAt: now.toISOString() }
  try {
    writeFileSync(`${holderFile}.partial`, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
    renameSync(`${holderFile}.partial`, holderFile)
  } catch (error) {
    database.close()
    throw fileError(dir, error)
  }
  let held = true
  return {
    ...holder,
    async stop() {
      if (!held) return
      held = false
      rmSync(holderFile, { force: true })
      database.close()
    },
  }
}

/** The locked database, or nothing if another process has it. */
function lockDatabase(path: string): DatabaseSync | undefined {
  createPrivateFile(path)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database?.close()
    const translated = translateSqliteError(error)
    if (translated instanceof StoreError && translated.code === 'store/busy') return undefined
    throw translated
  }
}

async function inUse(dir: string, holderFile: string): Promise<StoreError> {
  const holder = await findHolder(holderFile)
  return new StoreError(
    'store/home-in-use',
    holder
      ? `${dir} is in use by process ${holder.pid}, started at ${holder.startedAt}. Stop it first.`
      : `${dir} is in use by another process. Stop it first.`,
  )
}

/** A holder that only just took the lock may not have written yet, and a dead one's note lies there. */
async function findHolder(file: string): Promise<Holder | undefined> {
  const pauseMs = 20
  for (let waitedMs = 0; waitedMs < storeLimits.holderWaitMs; waitedMs += pauseMs) {
    const holder = readHolder(file)
    if (holder && isAlive(holder.pid)) return holder
    await delay(pauseMs)
  }
  return undefined
}

function readHolder(file: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value !== 'object' || value === null) return undefined
    if (!('pid' in value) || !('startedAt' in value)) return undefined
    const { pid, startedAt } = value
    return Number.isInteger(pid) ? { pid: Number(pid), startedAt: String(startedAt) } : undefined
  } catch {
    // Absent or cut short: the pid is a courtesy, the lock itself is what counts.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
