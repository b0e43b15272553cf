/** How much a finding matters; `info` needs no action. */
export type FindingLevel = 'error' | 'warn' | 'info'

/** Codes of families CRT and KST; public, may be added to, never renamed (console-and-cli.md section 6). */
export type FindingCode =
  | `CRT10${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `KST20${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`
  | `KST21${0 | 1 | 2 | 3}`

/** What each code means, for `help codes`. */
export const findingTitles: ReadonlyMap<FindingCode, string> = new Map([
  ['CRT101', 'certificate expired'],
  ['CRT102', 'certificate expires soon'],
  ['CRT103', 'certificate not yet valid, or a clock is wrong'],
  ['CRT104', 'certificate not meant for client authentication'],
  ['CRT105', 'one certificate for clients and servers'],
  ['CRT106', 'weak key or old signature hash'],
  ['CRT107', 'certificate valid longer than its issuer'],
  ['CRT108', 'one subject with different keys'],
  ['KST201', 'old encryption'],
  ['KST202', 'password missing or wrong'],
  ['KST203', 'key does not match any certificate'],
  ['KST204', 'leaf is not first, or chain out of order'],
  ['KST205', 'intermediate missing'],
  ['KST206', 'root included (harmless)'],
  ['KST207', 'empty password'],
  ['KST208', 'file name and content differ'],
  ['KST209', 'no integrity check (MAC)'],
  ['KST210', 'several private keys'],
  ['KST211', 'file damaged or beyond the limits'],
  ['KST212', 'kind or protection that is not read'],
  ['KST213', 'private key not encrypted'],
])

/** One thing worth saying about a file. */
export interface KeystoreFinding {
  readonly code: FindingCode
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
