/** How much a finding matters; `info` needs no action. */
export type FindingLevel = 'error' | 'warn' | 'info'

/** One thing worth saying about a file; `code` is public and never renamed (console-and-cli.md section 6). */
export interface KeystoreFinding {
  readonly code: string
  readonly level: FindingLevel
  readonly text: string
  /** The next thing to try, a command where there is one. */
  readonly cure: string | null
}

/** A certificate of a file, as data that survives JSON. */
export interface ReportedCertificate {
  /** Place in the file, from 1. */
  readonly number: number
  /** `leaf` where it begins a chain; `other` where it is in none. */
  readonly role: 'leaf' | 'issuer' | 'root' | 'other'
  readonly alias: string | null
  /** RFC 2253. */
  readonly subject: string
  readonly issuer: string
  readonly subjectForms: {
    readonly rfc2253: string
    readonly openssl: string
    readonly slash: string
    readonly java: string
  }
  readonly serial: string
  readonly sha256: string
  /** UTC, RFC 3339. */
  readonly notBefore: string
  readonly notAfter: string
  /** Whole days left at the time of the report; negative when it has ended. */
  readonly daysLeft: number
  /** `RSA 2048`, `EC P-256`. */
  readonly key: string
  readonly signatureAlgorithm: string
  readonly extendedKeyUsage: readonly string[] | null
}
