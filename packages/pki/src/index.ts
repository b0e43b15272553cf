export type { StringTag } from './asn1-string.ts'
export { type Certificate, parseCertificate, parseCertificates } from './certificate.ts'
export {
  buildPath,
  type ChainQuestion,
  type ChainResult,
  verifyChain,
  verifyTlsChain,
} from './chain.ts'
export type { ChainFault, ChainProblem, ChainPurpose } from './chain-fault.ts'
export { chainLimits } from './chain-search.ts'
export {
  crlLimits,
  parseRevocationList,
  parseRevocationLists,
  type RevocationList,
  type RevokedCertificate,
} from './crl.ts'
export { PkiError, type PkiErrorCode } from './errors.ts'
export type { CertificateExtension } from './extension.ts'
export type { SubjectAltName, SubjectAltNameOrder } from './general-name.ts'
export { type CertificateTemplate, type Issuer, issueCertificate } from './issue.ts'
export { issueRevocationList, type RevocationListTemplate } from './issue-crl.ts'
export {
  createKeyPool,
  generateKeyPair,
  type KeyPair,
  type KeyPool,
  type KeyPoolOptions,
  type KeyType,
} from './key.ts'
export { describeKey, type PublicKeyFacts, spkiOf } from './key-description.ts'
export { type KeystoreReadOptions, readKeystore } from './keystore.ts'
export {
  type Keystore,
  type KeystoreEncryption,
  type KeystoreEntry,
  selectEntry,
} from './keystore-entry.ts'
export {
  type FindingCode,
  type FindingLevel,
  findingTitles,
  type KeystoreFinding,
  type ReportedCertificate,
} from './keystore-finding.ts'
export {
  inspectKeystore,
  type KeystoreInspection,
  type KeystoreReport,
  type MissingIssuer,
  type ReportedKey,
} from './keystore-inspect.ts'
export { detectKeystoreKind, type KeystoreKind } from './keystore-kind.ts'
export { keystoreLimits } from './keystore-limits.ts'
export { iterationBounds } from './keystore-order.ts'
export { renderKeystoreReport } from './keystore-render.ts'
export { type Attribute, hasControlCharacters, type Name, parseNameDer } from './name.ts'
export { type AttributeText, buildName } from './name-build.ts'
export {
  compareNames,
  equalNames,
  type NameComparison,
  type NameDifference,
  nameKey,
} from './name-compare.ts'
export { formatName, type NameSpelling } from './name-format.ts'
export { type ParsedName, type ParseNameOptions, parseDistinguishedName } from './name-parse.ts'
export type { KeystoreFlavour } from './pbe-encrypt.ts'
export { decodePem, encodePem, type PemBlock } from './pem.ts'
export { type PemOrder, writePem } from './pem-write.ts'
export { inspectPkcs12, type Pkcs12Part, type Pkcs12Structure } from './pkcs12-inspect.ts'
export { type Pkcs12ReadOptions, readPkcs12 } from './pkcs12-read.ts'
export { type Pkcs12Order, writePkcs12 } from './pkcs12-write.ts'
export type { RevocationReason } from './revocation-reason.ts'
export { formatSerial, newSerial, parseSerial } from './serial.ts'
export { createKeySigner, type Signer, type SigningAlgorithm } from './signer.ts'
export {
  addLength,
  addMonths,
  addYears,
  type Validity,
  type ValidityLength,
  validityWindow,
} from './validity.ts'
