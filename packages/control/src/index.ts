export { authenticateAdmin, loadAdminToken, subaccountHeader } from './admin-access.ts'
export type { ServerStatus } from './answers.ts'
export type { AuditCheck, AuditLog, AuditRecord } from './audit.ts'
export type {
  DocumentCompiler,
  DocumentFindings,
  DocumentResult,
  DocumentSet,
  ManifestFile,
  ParsedDocument,
  StoredDocument,
} from './document.ts'
export type { ChangeReport, DocumentChange, DocumentFilter, Documents } from './documents.ts'
export { ControlError, type ControlErrorCode } from './errors.ts'
export {
  createExplanationFeed,
  type ExplanationFeed,
  type ExplanationFilter,
  type FoundExplanation,
} from './explanation-feed.ts'
export { guardControl } from './guard.ts'
export { type ControlAppDeps, createControlApp } from './http.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { migrations } from './migrations.ts'
export { guardAnswers, openApi } from './openapi.ts'
export { type Control, openControl } from './service.ts'
export type { Actor, Subaccount, Subaccounts } from './subaccount.ts'
