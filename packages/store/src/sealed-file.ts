import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { newId, type Secret } from '@twinlatch/kit'
import { masterKeyId } from './data-key-store.ts'
import { syncPath } from './dialects/sqlite-connection.ts'
import { StoreError } from './errors.ts'
import { fileError } from './file-error.ts'
import { storeLimits } from './limits.ts'
import { createSealer, type SealContext, type Sealer, unwrapDataKey, wrapDataKey } from './seal.ts'

/** A file of an installation that is readable without its database, and with its master key only. */
export interface SealedFile {
  readonly file: string
  /** What it holds; sealed with it, so that one file does not open as another. */
  readonly name: string
  readonly masterKey: Secret<Uint8Array>
}

const head = /^twinlatch-sealed-1 (key_[0-9a-f]{32}) (\S{1,512})$/
const dataKeyBytes = 32

/**
 * Replaces the file by `parts`, each sealed as the store seals values (decision 0008), under a data
 * key of its own that the master key wraps. Mode 0600; all of it is durable, or the former file is
 * untouched. Others get a turn between two parts. One call at a time.
 */
export async function writeSealedFile(
  { file, name, masterKey }: SealedFile,
  parts: Iterable<string>,
): Promise<void> {
  const partial = `${file}.partial`
  try {
    await rm(partial, { force: true })
    const handle = await open(partial, 'wx', 0o600)
    try {
      await writeParts(handle, name, createSecretKey(masterKey.reveal()), parts)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, file)
    syncPath(dirname(file))
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined)
    throw error instanceof StoreError ? error : fileError(file, error)
  }
}

/**
 * What `writeSealedFile` wrote, part by part; `null` if there is no file. One that was changed in
 * any way, cut short or put together of others is `store/seal-broken`.
 */
export async function readSealedFile(sealed: SealedFile): Promise<string[] | null> {
  const { file } = sealed
  try {
    const { size } = await stat(file)
    if (size > storeLimits.sealedFileBytesMax) throw broken(sealed, 'it is too large')
    const handle = await open(file, 'r')
    try {
      return await readParts(handle, sealed)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error instanceof StoreError ? error : fileError(file, error)
  }
}

async function writeParts(
  handle: FileHandle,
  name: string,
  master: KeyObject,
  parts: Iterable<string>,
): Promise<void> {
  const id = newId('key')
  const key = randomBytes(dataKeyBytes)
  const wrapped = wrapDataKey(master, masterKeyId(master), id, key)
  const sealer = sealerOf(id, key)
  let written = 0
  let count = 0
  const write = async (line: string) => {
    written += line.length + 1
    if (written > storeLimits.sealedFileBytesMax) {
      throw new StoreError('store/value-too-large', `There is too much for the file of ${name}.`)
    }
    await handle.write(`${line}\n`)
  }
  await write(`twinlatch-sealed-1 ${id} ${wrapped}`)
  for (const part of parts) {
    await write(sealer.seal(part, placeOf(name, `part ${count}`)))
    count += 1
  }
  // Without it a file could be cut after any part.
  await write(sealer.seal('', placeOf(name, `end of ${count}`)))
}

async function readParts(handle: FileHandle, sealed: SealedFile): Promise<string[]> {
  const { name } = sealed
  const parts: string[] = []
  let sealer: Sealer | undefined
  let previous: string | undefined
  for await (const line of handle.readLines({ autoClose: false })) {
    if (!sealer) sealer = openHead(line, sealed)
    else {
      if (previous !== undefined) {
        parts.push(sealer.open(previous, placeOf(name, `part ${parts.length}`)).toString('utf8'))
      }
      previous = line
    }
  }
  if (!sealer || previous === undefined) throw broken(sealed, 'it is cut short')
  sealer.open(previous, placeOf(name, `end of ${parts.length}`))
  return parts
}

function openHead(line: string, sealed: SealedFile): Sealer {
  const [, id, wrapped] = head.exec(line) ?? []
  if (id === undefined || wrapped === undefined) throw broken(sealed, 'it has another form')
  const master = createSecretKey(sealed.masterKey.reveal())
  const key = unwrapDataKey(master, masterKeyId(master), id, wrapped)
  if (!key) throw broken(sealed, 'it was altered, or sealed with another master key')
  return sealerOf(id, key)
}

function sealerOf(id: string, key: Uint8Array): Sealer {
  return createSealer({ activeId: id, byId: new Map([[id, createSecretKey(key)]]) })
}

function placeOf(name: string, field: string): SealContext {
  return { table: 'file', subaccountId: '', id: name, field }
}

function broken({ file }: SealedFile, reason: string): StoreError {
  return new StoreError('store/seal-broken', `${file} does not open: ${reason}.`)
}
