import type { Certificate } from './certificate.ts'
import { daysLeft, findCertificateFaults, type PlacedCertificate } from './certificate-findings.ts'
import { PkiError } from './errors.ts'
import { describeKey } from './key-description.ts'
import { openKeystore } from './keystore.ts'
import { IssuerFinder, type MatchedKey, matchKeys } from './keystore-content.ts'
import type { KeystoreContent } from './keystore-entry.ts'
import type { KeystoreFinding, ReportedCertificate } from './keystore-finding.ts'
import {
  findContentFaults,
  findOpeningFault,
  findProtectionFaults,
  findWrongExtension,
} from './keystore-findings.ts'
import { detectKeystoreKind, type KeystoreKind, keystoreKindNames } from './keystore-kind.ts'
import { describeContent, describeStructure, printable } from './keystore-words.ts'
import { formatName } from './name-format.ts'
import { openPem } from './pem-keystore.ts'
import { inspectPkcs12, type Pkcs12Structure } from './pkcs12-inspect.ts'

/** What is known about a file besides its bytes. */
export interface KeystoreInspection {
  readonly password?: string
  readonly fileName?: string
  readonly now: Date
}

/** A private key of a file. */
export interface ReportedKey {
  /** `RSA 2048`, `EC P-256`. */
  readonly key: string
  readonly alias: string | null
  /** Number of its certificate; null when it belongs to none. */
  readonly certificate: number | null
}

/** An issuer that is named but not there. */
export interface MissingIssuer {
  /** RFC 2253. */
  readonly subject: string
  /** True when another issuer stands below it in the file, so that probably only a root is missing. */
  readonly likelyRoot: boolean
}

/** Everything worth saying about a file, as data that survives JSON and holds no secret. */
export interface KeystoreReport {
  readonly kind: KeystoreKind
  readonly fileName: string
  /** `PKCS#12, certificates RC2-40-CBC, key 3DES, MAC SHA-1 (2 048 rounds)`. */
  readonly description: string
  /** False when the content stayed closed, or its keys did; the findings say why. */
  readonly opened: boolean
  readonly password: 'right' | 'wrong' | 'missing' | 'not-needed' | 'not-tried'
  readonly findings: readonly KeystoreFinding[]
  readonly keys: readonly ReportedKey[]
  readonly certificates: readonly ReportedCertificate[]
  /** The issuer that would continue the first chain and is not in the file. */
  readonly missingIssuer: MissingIssuer | null
}

interface Opened {
  readonly content: KeystoreContent | null
  readonly fault: PkiError | null
}

/**
 * Says what a file is and what is wrong with it, for `cert inspect` (console-and-cli.md sections
 * 5.3 and 6). Never throws for the content of a file: what cannot be opened is a finding, and what
 * shows without a password is told without it. A file without MAC is read here, and only here.
 */
export async function inspectKeystore(
  bytes: Uint8Array,
  inspection: KeystoreInspection,
): Promise<KeystoreReport> {
  const fileName = printable(inspection.fileName ?? 'file')
  const kind = detectKeystoreKind(bytes)
  const structure = kind === 'pkcs12' ? outlineOf(bytes) : null
  const { content, fault } = await open(bytes, inspection)
  const named = inspection.fileName === undefined ? [] : findWrongExtension(fileName, kind)
  const shown = structure ? findProtectionFaults(structure, fileName) : []
  const common = { kind, fileName, password: passwordState(content, fault, inspection) }
  const inside = content ? reportContent(content, inspection) : nothingInside
  const passwordGiven = inspection.password !== undefined
  const reason = fault ? [findOpeningFault(fault, kind, { fileName, passwordGiven })] : []
  return {
    ...common,
    ...inside,
    description: descriptionOf(kind, content, structure),
    opened: fault === null,
    findings: [...reason, ...shown, ...inside.findings, ...named],
  }
}

const nothingInside: Inside = { findings: [], keys: [], certificates: [], missingIssuer: null }

type Inside = Pick<KeystoreReport, 'findings' | 'keys' | 'certificates' | 'missingIssuer'>

function reportContent(content: KeystoreContent, { password, now }: KeystoreInspection): Inside {
  const matched = matchKeys(content.keys, content.certificates)
  const inFile = content.certificates.map((found) => found.certificate)
  const chains = matched.some(({ leaf }) => leaf)
    ? matched.map(({ chain }) => chain).filter((chain) => chain.length > 0)
    : chainsWithoutKey(inFile)
  const placed = inFile.map((certificate, index) => place(certificate, index, chains))
  const [chain = []] = chains
  const top = chain.at(-1)
  const encrypted = content.encryption.key !== 'none' || content.encryption.certificates !== 'none'
  const emptyPassword = encrypted && (password ?? '') === ''
  return {
    findings: [
      ...findContentFaults(content, matched, chain, emptyPassword),
      ...findCertificateFaults(placed, now),
    ],
    keys: matched.map((one) => reportKey(one, inFile)),
    certificates: placed.map((one) => reportCertificate(one, content, now)),
    missingIssuer:
      top && !top.selfIssued
        ? { subject: formatName(top.issuer), likelyRoot: chain.length > 1 }
        : null,
  }
}

// A file of certificates only still may hold a chain; it begins with the first that is no authority.
function chainsWithoutKey(certificates: readonly Certificate[]): Certificate[][] {
  const leaf = certificates.find((one) => one.basicConstraints?.ca !== true)
  return leaf ? [new IssuerFinder(certificates).chainOf(leaf)] : []
}

function place(
  certificate: Certificate,
  index: number,
  chains: readonly (readonly Certificate[])[],
): PlacedCertificate {
  const chain = chains.find((one) => one.includes(certificate)) ?? []
  const above = chain[chain.indexOf(certificate) + 1]
  const issuer = chain.length > 0 && above ? above : null
  return { certificate, number: index + 1, leaf: chain[0] === certificate, issuer }
}

function reportKey(matched: MatchedKey, inFile: readonly Certificate[]): ReportedKey {
  const { key, leaf } = matched
  return {
    key: describeKey(key.privateKey),
    alias: key.alias === null ? null : printable(key.alias),
    certificate: leaf ? inFile.indexOf(leaf.certificate) + 1 : null,
  }
}

function reportCertificate(
  { certificate, number, leaf }: PlacedCertificate,
  content: KeystoreContent,
  now: Date,
): ReportedCertificate {
  const alias = content.certificates[number - 1]?.alias ?? null
  return {
    number,
    role: leaf ? 'leaf' : roleOf(certificate),
    alias: alias === null ? null : printable(alias),
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    subjectForms: {
      rfc2253: formatName(certificate.subject),
      openssl: formatName(certificate.subject, 'openssl'),
      slash: formatName(certificate.subject, 'slash'),
      java: formatName(certificate.subject, 'java'),
    },
    serial: certificate.serial,
    sha256: certificate.sha256,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    daysLeft: daysLeft(certificate, now),
    key: certificate.keyDescription,
    signatureAlgorithm: certificate.signatureAlgorithm,
    extendedKeyUsage: certificate.extendedKeyUsage,
  }
}

async function open(bytes: Uint8Array, inspection: KeystoreInspection): Promise<Opened> {
  try {
    const content = await openKeystore(bytes, { ...inspection, allowMissingMac: true })
    return { content, fault: null }
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    return { content: await openWithoutKeys(bytes), fault: error }
  }
}

// Whatever is wrong with the key of a PEM file, its certificates are in the open.
async function openWithoutKeys(bytes: Uint8Array): Promise<KeystoreContent | null> {
  if (detectKeystoreKind(bytes) !== 'pem') return null
  try {
    return await openPem(bytes, undefined, { skipKeys: true })
  } catch (error) {
    if (error instanceof PkiError) return null
    throw error
  }
}

function descriptionOf(
  kind: KeystoreKind,
  content: KeystoreContent | null,
  structure: Pkcs12Structure | null,
): string {
  if (content) return describeContent(content)
  return structure ? describeStructure(structure) : (keystoreKindNames.get(kind) ?? kind)
}

function roleOf(certificate: Certificate): ReportedCertificate['role'] {
  if (certificate.selfIssued) return 'root'
  return certificate.basicConstraints?.ca ? 'issuer' : 'other'
}

function outlineOf(bytes: Uint8Array): Pkcs12Structure | null {
  try {
    return inspectPkcs12(bytes)
  } catch (error) {
    // Opening the file meets the same fault and reports it.
    if (error instanceof PkiError) return null
    throw error
  }
}

function passwordState(
  content: KeystoreContent | null,
  fault: PkiError | null,
  { password }: KeystoreInspection,
): KeystoreReport['password'] {
  if (fault?.code === 'pki/keystore-password') return password === undefined ? 'missing' : 'wrong'
  if (fault) return 'not-tried'
  const { mac, key, certificates } = content?.encryption ?? {
    mac: null,
    key: 'none',
    certificates: 'none',
  }
  return mac !== null || key !== 'none' || certificates !== 'none' ? 'right' : 'not-needed'
}
