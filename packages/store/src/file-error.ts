import { messageOf } from '@twinlatch/kit'
import { StoreError, type StoreErrorCode } from './errors.ts'

const meanings: ReadonlyMap<string, StoreErrorCode> = new Map([
  ['EACCES', 'store/read-only'],
  ['EROFS', 'store/read-only'],
  ['EPERM', 'store/read-only'],
  ['ENOSPC', 'store/disk-full'],
  ['EDQUOT', 'store/disk-full'],
])

const words: Partial<Record<StoreErrorCode, string>> = {
  'store/read-only': ' cannot be written. Check its rights',
  'store/disk-full': ' cannot be written: the disk is full. Free some space and try again',
}

/** What the system said about the file or directory at `path`, which is named with its reason. */
export function fileError(path: string, error: unknown): StoreError {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : ''
  const code = meanings.get(errno) ?? 'store/cannot-open'
  return new StoreError(code, `${path}${words[code] ?? ''}: ${messageOf(error)}`, { cause: error })
}
