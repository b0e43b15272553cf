import type { Certificate } from './certificate.ts'
import { keyWeakness } from './key-description.ts'
import type { KeystoreFinding } from './keystore-finding.ts'
import { formatName } from './name-format.ts'

/** A certificate with its place in the file and, where the file has it, its issuer. */
export interface PlacedCertificate {
  readonly certificate: Certificate
  readonly number: number
  /** True for the certificate of a private key, or the one a file without keys begins a chain with. */
  readonly leaf: boolean
  readonly issuer: Certificate | null
}

interface Subject extends PlacedCertificate {
  readonly now: Date
  /** `certificate 1 (CN=...)`. */
  readonly label: string
}

type Rule = (subject: Subject) => KeystoreFinding | null

const dayMs = 86_400_000
// With more than this left nobody needs to act; short-lived certificates are judged by half their life.
const soonMs = 30 * dayMs

// One rule per code of console-and-cli.md section 6.
const rules: readonly Rule[] = [
  expired,
  expiresSoon,
  notYetValid,
  wrongPurpose,
  bothPurposes,
  weak,
  outlivesIssuer,
]

/** Findings CRT1xx about these certificates at `now`. */
export function findCertificateFaults(
  certificates: readonly PlacedCertificate[],
  now: Date,
): KeystoreFinding[] {
  const subjects = certificates.map((placed) => ({
    ...placed,
    now,
    label: `certificate ${placed.number} (${formatName(placed.certificate.subject)})`,
  }))
  return [
    ...subjects.flatMap((subject) => rules.flatMap((rule) => rule(subject) ?? [])),
    ...sameSubjectTwice(certificates),
  ]
}

/** Whole days until the end of validity; negative afterwards. */
export function daysLeft(certificate: Certificate, now: Date): number {
  return Math.floor((certificate.notAfter.getTime() - now.getTime()) / dayMs)
}

function expired({ certificate, now, label }: Subject): KeystoreFinding | null {
  if (certificate.notAfter.getTime() >= now.getTime()) return null
  return finding(
    'CRT101',
    'error',
    `${label} ended on ${dateOf(certificate.notAfter)}`,
    'get a new one',
  )
}

function expiresSoon({ certificate, now, label }: Subject): KeystoreFinding | null {
  const left = certificate.notAfter.getTime() - now.getTime()
  const life = certificate.notAfter.getTime() - certificate.notBefore.getTime()
  if (left < 0 || left > Math.min(soonMs, life / 2)) return null
  const when = left < dayMs ? 'within a day' : `in ${Math.floor(left / dayMs)} days`
  return finding('CRT102', 'warn', `${label} ends ${when}`, 'have it renewed now')
}

function notYetValid({ certificate, now, label }: Subject): KeystoreFinding | null {
  if (certificate.notBefore.getTime() <= now.getTime()) return null
  const begin = certificate.notBefore.toISOString()
  return finding(
    'CRT103',
    'error',
    `${label} is not valid before ${begin}`,
    'check the clock of this machine and of the issuer',
  )
}

function wrongPurpose({ certificate, leaf, label }: Subject): KeystoreFinding | null {
  const usage = certificate.extendedKeyUsage
  if (!leaf || usage?.includes('clientAuth')) return null
  const text =
    usage === null
      ? `${label} names no purpose at all, and many gateways want clientAuth`
      : `${label} is not for client authentication (only ${usage.join(', ')})`
  return finding('CRT104', 'warn', text, 'as client certificate, have one issued with clientAuth')
}

function bothPurposes({ certificate, leaf, label }: Subject): KeystoreFinding | null {
  const usage = certificate.extendedKeyUsage ?? []
  if (!leaf || !usage.includes('clientAuth') || !usage.includes('serverAuth')) return null
  return finding(
    'CRT105',
    'info',
    `${label} is for clients and servers alike`,
    'one certificate for each purpose is safer',
  )
}

function weak({ certificate, label }: Subject): KeystoreFinding | null {
  const key = keyWeakness(certificate.keyFacts)
  // Nobody verifies the signature of a root; its hash does not matter.
  const oldHash =
    !certificate.selfIssued && /md[245]|sha1(?!\d)/i.test(certificate.signatureAlgorithm)
  if (key === null && !oldHash) return null
  const what = key ?? `it is signed with ${certificate.signatureAlgorithm}`
  return finding(
    'CRT106',
    'warn',
    `${label} is weak: ${what}`,
    'have it issued with RSA 2048 or P-256 and SHA-256',
  )
}

function outlivesIssuer({ certificate, issuer, label }: Subject): KeystoreFinding | null {
  if (!issuer || issuer.notAfter.getTime() >= certificate.notAfter.getTime()) return null
  return finding(
    'CRT107',
    'warn',
    `${label} is valid longer than its issuer, which ends on ${dateOf(issuer.notAfter)}`,
    'it stops working when its issuer ends',
  )
}

function sameSubjectTwice(certificates: readonly PlacedCertificate[]): KeystoreFinding[] {
  const first = new Map<string, PlacedCertificate>()
  return certificates.flatMap((placed) => {
    const subject = formatName(placed.certificate.subject)
    const other = first.get(subject)
    if (!other) first.set(subject, placed)
    if (!other || other.certificate.spkiSha256 === placed.certificate.spkiSha256) return []
    const text = `certificates ${other.number} and ${placed.number} have the same subject and different keys`
    return [finding('CRT108', 'info', text, null)]
  })
}

function finding(
  code: KeystoreFinding['code'],
  level: KeystoreFinding['level'],
  text: string,
  cure: string | null,
): KeystoreFinding {
  return { code, level, text, cure }
}

function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}
