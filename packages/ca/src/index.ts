export type { AlternativeName } from './alternative-name.ts'
export type { Authority } from './authority.ts'
export type {
  CertificateAuthority,
  CertificateWithChain,
  IssuedCertificate,
  ListenerCertificate,
  ServerOrder,
} from './certificate-authority.ts'
export type { CertificateFilter, CertificateRecord } from './certificate-record.ts'
export { type CaLimits, defaultLimits } from './config.ts'
export { defaultProfiles, type ProfileName } from './default-profiles.ts'
export { CaError, type CaErrorCode } from './errors.ts'
export type { AuthorityName } from './hierarchies.ts'
export { type CaAppDeps, createCaApp } from './http.ts'
export { migrations } from './migrations.ts'
export { openApi } from './openapi.ts'
export type { CertificateOrder, KeyFormat, OrderingCaller } from './order.ts'
export { createProfile, type Profile, type ProfileConfig } from './profile.ts'
export { type CertificateAuthorityOptions, openCertificateAuthority } from './service.ts'
