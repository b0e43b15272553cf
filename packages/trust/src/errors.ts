import { CodedError } from '@twinlatch/kit'

/** Codes of what this package refuses; public API, added to and never renamed. */
export type TrustErrorCode =
  | 'trust/malformed-xfcc'
  | 'trust/malformed-pin'
  | 'trust/malformed-certificate'

/** Input about a caller that cannot be used. */
export class TrustError extends CodedError<TrustErrorCode> {
  override readonly name = 'TrustError'
}
