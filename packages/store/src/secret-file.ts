import { type FileHandle, link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf, newId, Secret } from '@twinlatch/kit'
import { syncPath } from './dialects/sqlite-connection.ts'
import { StoreError } from './errors.ts'
import { fileError } from './file-error.ts'
import { storeLimits } from './limits.ts'

/** A secret that lies in a file of its own, one line of text. */
export interface SecretFile {
  readonly file: string
  /** What it is, for messages: `the master key`. */
  readonly what: string
  /** Exactly what the line may look like. */
  readonly form: RegExp
  /** Makes a fresh secret for a missing file; `null` if only the former one is of use. */
  readonly generate: (() => string) | null
}

/**
 * The secret in the file. A missing one is created with mode 0600, complete and durable or not at
 * all. A file that others may read is refused: its secret must be taken as known to them.
 */
export async function loadSecretFile(wanted: SecretFile): Promise<Secret<string>> {
  const { file, what, generate } = wanted
  const found = await read(wanted)
  if (found) return found
  if (!generate) {
    throw new StoreError(
      'store/secret-file-missing',
      `${file} is missing, and ${what} cannot be made anew. Restore it from a backup.`,
    )
  }
  await create(file, generate())
  const created = await read(wanted)
  if (!created) throw new StoreError('store/secret-file-missing', `${file} vanished again.`)
  return created
}

async function read({ file, what, form }: SecretFile): Promise<Secret<string> | undefined> {
  const handle = await openIfPresent(file)
  if (!handle) return undefined
  try {
    // Of the open file, so that nobody can exchange it between the check and the reading.
    const { mode, size } = await handle.stat()
    if ((mode & 0o077) !== 0) {
      throw new StoreError(
        'store/secret-file-exposed',
        `${file} (${what}) can be read by others. If nobody did: chmod 600 ${file}`,
      )
    }
    const text = size > storeLimits.secretFileBytesMax ? '' : await handle.readFile('utf8')
    const secret = text.trim()
    if (!form.test(secret)) {
      throw new StoreError('store/secret-file-malformed', `${file} does not hold ${what}.`)
    }
    return new Secret(secret)
  } finally {
    await handle.close()
  }
}

/** Written aside and linked, so that the first of two creators wins and none sees half a file. */
async function create(file: string, secret: string): Promise<void> {
  const partial = `${file}.${newId('new')}`
  try {
    const handle = await open(partial, 'wx', 0o600)
    try {
      await handle.writeFile(`${secret}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(partial, file)
    syncPath(dirname(file))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw fileError(file, error)
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
