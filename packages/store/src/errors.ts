import { CodedError } from '@twinlatch/kit'

/** What can be wrong with the database, its keys or its home; public API, never renamed. */
export type StoreErrorCode =
  | 'store/unsupported-url'
  | 'store/cannot-open'
  | 'store/read-only'
  | 'store/disk-full'
  | 'store/io'
  | 'store/corrupt'
  | 'store/busy'
  | 'store/duplicate'
  | 'store/stopped'
  | 'store/conflict'
  | 'store/unreachable'
  | 'store/newer-database'
  | 'store/other-version'
  | 'store/not-empty'
  | 'store/home-in-use'
  | 'store/secret-file-missing'
  | 'store/secret-file-exposed'
  | 'store/secret-file-malformed'
  | 'store/wrong-master-key'
  | 'store/seal-broken'
  | 'store/value-too-large'

/** The database, its keys or its home cannot be used as they are; nothing was half-written. */
export class StoreError extends CodedError<StoreErrorCode> {
  override readonly name = 'StoreError'
}

const unavailable: ReadonlySet<StoreErrorCode> = new Set([
  'store/read-only',
  'store/disk-full',
  'store/io',
  'store/busy',
  'store/stopped',
  'store/conflict',
  'store/unreachable',
])

/**
 * Whether the store cannot serve just now, through no fault of the caller: a door answers 503, and
 * the same request may succeed later. All other store errors are a 500.
 */
export function isStoreUnavailable(error: unknown): error is StoreError {
  return error instanceof StoreError && unavailable.has(error.code)
}
