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
  | 'store/newer-database'
  | 'store/home-in-use'
  | 'store/master-key-missing'
  | 'store/master-key-exposed'
  | 'store/master-key-malformed'
  | 'store/wrong-master-key'
  | 'store/seal-broken'
  | 'store/value-too-large'

/** The database, its keys or its home cannot be used as they are; nothing was half-written. */
export class StoreError extends CodedError<StoreErrorCode> {
  override readonly name = 'StoreError'
}
