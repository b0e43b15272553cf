export type { Binding, TokenUrls, VcapService } from './binding.ts'
export { type BindingOrder, parseBindingOrder } from './binding-order.ts'
export { TokensError, type TokensErrorCode } from './errors.ts'
export { createTokensApp, type TokensAppDeps } from './http.ts'
export { migrations } from './migrations/index.ts'
export { openApi } from './openapi.ts'
export {
  authenticateByToken,
  openTokenService,
  type TokenService,
  type TokenServiceDeps,
  type VerifiedToken,
} from './service.ts'
export type { PublicJwk } from './signing-keys.ts'
export type { AccessToken } from './token.ts'
export type { TokenRequest } from './token-endpoint.ts'
