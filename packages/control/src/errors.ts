import { CodedError, type ProblemItem } from '@twinlatch/kit'

/** What can be wrong with a call of the control API; public API, never renamed. */
export type ControlErrorCode =
  | 'control/malformed-request'
  | 'control/invalid-request'
  | 'control/body-too-large'
  | 'control/admin-only'
  | 'control/subaccount-name'
  | 'control/subaccount-exists'
  | 'control/too-many-subaccounts'
  | 'control/invalid-documents'
  | 'control/damaged-document'
  | 'control/unknown-explanation'

/** A call of the control API that cannot be done; `items` lists every fault of its input at once. */
export class ControlError extends CodedError<ControlErrorCode> {
  override readonly name = 'ControlError'
  readonly items: readonly ProblemItem[]

  constructor(
    code: ControlErrorCode,
    message: string,
    options: ErrorOptions & { items?: readonly ProblemItem[] } = {},
  ) {
    super(code, message, options)
    this.items = options.items ?? []
  }
}
