import { CodedError } from '@twinlatch/kit'

/** What is wrong with an input of the gateway. */
export type GatewayErrorCode =
  | 'gateway/header-value'
  | 'gateway/regex'
  | 'gateway/path-template'
  | 'gateway/address-block'
  | 'gateway/upstream-address'
  | 'gateway/settings'

/** A manifest or a setting of the gateway that cannot be used; `code` is public API. */
export class GatewayError extends CodedError<GatewayErrorCode> {
  constructor(code: GatewayErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.name = 'GatewayError'
  }
}
