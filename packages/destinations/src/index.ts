export { authenticationKinds } from './authentication/kinds.ts'
export type { CertificateEntry } from './certificate-entry.ts'
export { type Destination, parseDestination } from './destination.ts'
export { DestinationsError, type DestinationsErrorCode } from './errors.ts'
export { createDestinationsApp, type DestinationsAppDeps } from './http.ts'
export { migrations } from './migrations/index.ts'
export { openApi } from './openapi.ts'
export { isSecretProperty } from './secret-properties.ts'
export {
  type DestinationService,
  type DestinationServiceDeps,
  openDestinationService,
} from './service.ts'
