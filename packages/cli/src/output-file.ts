import { constants } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CliError } from './cli-error.ts'

/**
 * Writes a file that holds a key: mode 0600 from its first byte, complete or not at all, and never
 * over an existing one without `force`.
 */
export async function writeSecretFile(
  path: string,
  content: Uint8Array | string,
  options: { force: boolean },
): Promise<string> {
  const target = resolve(path)
  if (!options.force) return writeNew(target, content)
  // What an interrupted run of the same process id left is nobody's.
  const temporary = `${target}.${process.pid}.tmp`
  await rm(temporary, { force: true })
  await writeNew(temporary, content)
  try {
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw cannotWrite(target, error as NodeJS.ErrnoException)
  }
  return target
}

/** Refuses early what `writeSecretFile` would refuse, before anything irreversible is done. */
export async function assertWritable(path: string, options: { force: boolean }): Promise<void> {
  const target = resolve(path)
  try {
    if (options.force) return await assertReplaceable(target)
    const file = await open(target, 'wx', 0o600)
    await file.close()
    await rm(target)
  } catch (error) {
    throw cannotWrite(target, error as NodeJS.ErrnoException)
  }
}

async function assertReplaceable(target: string): Promise<void> {
  await access(dirname(target), constants.W_OK)
  const found = await stat(target).catch(() => null)
  if (found?.isDirectory()) throw new Error('It is a directory.')
}

async function writeNew(target: string, content: Uint8Array | string): Promise<string> {
  let made = false
  try {
    const file = await open(target, 'wx', 0o600)
    made = true
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (made) await rm(target, { force: true })
    throw cannotWrite(target, error as NodeJS.ErrnoException)
  }
  return target
}

function cannotWrite(target: string, error: NodeJS.ErrnoException): CliError {
  if (error.code === 'EEXIST') {
    return new CliError(`${target} exists and is not overwritten.`, {
      cure: 'Name another file with -o FILE, or overwrite it with --force.',
    })
  }
  return new CliError(`${target} cannot be written.`, { why: error.message, cause: error })
}
