import { randomBytes } from 'node:crypto'
import { type FileHandle, link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, newId, Secret } from '@twinlatch/kit'
import { syncPath } from './dialects/sqlite-connection.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'

const keyBytes = 32
const form = /^[\w-]{43}$/

/**
 * The master key in `file`: 32 bytes as one line of base64url. A missing file is created with mode
 * 0600 unless `create` is false (say so when there is a database already: a new key would not open
 * it). A file that others may read is refused: the key must be taken as known to them.
 */
export async function loadMasterKey({
  file,
  create = true,
}: {
  file: string
  create?: boolean
}): Promise<Secret<Uint8Array>> {
  const found = await readKey(file)
  if (found) return found
  if (!create) {
    throw new StoreError(
      'store/master-key-missing',
      `${file} is missing, and only this key opens the database. Restore it from a backup.`,
    )
  }
  await writeNewKey(file)
  const written = await readKey(file)
  if (!written) throw new StoreError('store/master-key-missing', `${file} vanished after creation.`)
  return written
}

async function readKey(file: string): Promise<Secret<Uint8Array> | undefined> {
  const handle = await openIfPresent(file)
  if (!handle) return undefined
  try {
    // Of the open file, so that nobody can exchange it between the check and the reading.
    const { mode, size } = await handle.stat()
    if ((mode & 0o077) !== 0) {
      throw new StoreError(
        'store/master-key-exposed',
        `${file} can be read by others. If nobody did: chmod 600 ${file}`,
      )
    }
    if (size > storeLimits.masterKeyFileBytesMax) throw malformed(file)
    const text = (await handle.readFile('utf8')).trim()
    const key = Buffer.from(text, 'base64url')
    if (!form.test(text) || key.length !== keyBytes || key.toString('base64url') !== text) {
      throw malformed(file)
    }
    return new Secret<Uint8Array>(key)
  } finally {
    await handle.close()
  }
}

/** Complete and durable under its name or not there at all; the first of two creators wins. */
async function writeNewKey(file: string): Promise<void> {
  const partial = `${file}.${newId('new')}`
  try {
    const handle = await open(partial, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(keyBytes).toString('base64url')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(partial, file)
    syncPath(dirname(file))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw new StoreError('store/cannot-open', `${file}: ${messageOf(error)}`, { cause: error })
  } finally {
    await rm(partial, { force: true })
  }
}

async function openIfPresent(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new StoreError('store/cannot-open', `${file}: ${messageOf(error)}`, { cause: error })
  }
}

function malformed(file: string): StoreError {
  return new StoreError(
    'store/master-key-malformed',
    `${file} does not hold a master key: one line with ${keyBytes} bytes in base64url.`,
  )
}
