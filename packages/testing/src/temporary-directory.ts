import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory of its own (mode 0700) for one test. */
export interface TemporaryDirectory {
  readonly path: string
  /** Removes the directory with everything in it; also `await using` does. */
  remove(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes a fresh, empty directory below the system's temporary directory. */
export async function createTemporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'twinlatch-test-'))
  const remove = () => rm(path, { recursive: true, force: true })
  return { path, remove, [Symbol.asyncDispose]: remove }
}
