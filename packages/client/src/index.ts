export type { BindingBody, BindingClient, ShownBinding } from './binding-client.ts'
export {
  type AuthorityBody,
  type CaClient,
  type CertificateDetails,
  type CertificateOrderBody,
  type CertificateSummary,
  createCaClient,
  type IssuedCertificateBody,
} from './ca-client.ts'
export { ClientError, type ClientProblem } from './client-error.ts'
export {
  type AuditEntryBody,
  type ChangedDocuments,
  type ControlClient,
  createControlClient,
  type ManifestFile,
  type SubaccountBody,
} from './control-client.ts'
export {
  type CertificateBody,
  createDestinationClient,
  type DestinationBody,
  type DestinationClient,
  type DestinationLevel,
  type FoundDestination,
} from './destination-client.ts'
export type {
  ExplanationBody,
  ExplanationClient,
  ExplanationFilter,
} from './explanation-client.ts'
export { type Call, type Connection, type ConnectionSettings, createConnection } from './http.ts'
export { type AccessTokenBody, createTokenClient, type TokenClient } from './token-client.ts'
