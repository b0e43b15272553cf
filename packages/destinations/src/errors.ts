import { CodedError } from '@twinlatch/kit'

/** Codes of this package; public API, added to and never renamed. */
export type DestinationsErrorCode =
  | 'destinations/malformed-request'
  | 'destinations/request-too-large'
  | 'destinations/invalid-destination'
  | 'destinations/invalid-certificate'
  | 'destinations/unsupported'
  | 'destinations/not-found'
  | 'destinations/name-taken'
  | 'destinations/too-many'
  | 'destinations/level-forbidden'
  | 'destinations/protected-keystore'
  | 'destinations/not-built'

/** A call that is refused; the message may be told to the caller and never holds a secret. */
export class DestinationsError extends CodedError<DestinationsErrorCode> {
  override readonly name = 'DestinationsError'
}

/** The exact text by which clients tell "not found" from trouble (destination-service.md section 4). */
export function notFound(): DestinationsError {
  return new DestinationsError(
    'destinations/not-found',
    'Configuration with the specified name was not found',
  )
}
