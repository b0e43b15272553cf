import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
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
  const temporary = `${target}.${process.pid}.tmp`
  await writeNew(temporary, content)
  await rename(temporary, target)
  return target
}

/** Refuses early what `writeSecretFile` would refuse, before anything irreversible is done. */
export async function assertWritable(path: string, options: { force: boolean }): Promise<void> {
  if (options.force) return
  const target = resolve(path)
  const file = await open(target, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw cannotWrite(target, error)
  })
  await file.close()
  await rm(target)
}

async function writeNew(target: string, content: Uint8Array | string): Promise<string> {
  try {
    const file = await open(target, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
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
