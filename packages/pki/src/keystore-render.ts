import type { KeystoreFinding, ReportedCertificate } from './keystore-finding.ts'
import type { KeystoreReport } from './keystore-inspect.ts'

/** Marks of the output; `ascii` is for terminals without UTF-8. */
export interface RenderOptions {
  readonly ascii?: boolean
}

interface Marks {
  readonly error: string
  readonly warn: string
  readonly info: string
  readonly cure: string
  readonly absent: string
}

const unicodeMarks: Marks = { error: '✕', warn: '⚠', info: 'ℹ', cure: '→', absent: '–' }
const asciiMarks: Marks = { error: 'x', warn: '!', info: 'i', cure: '->', absent: '-' }

/** Text of a report as `cert inspect` prints it (console-and-cli.md section 5.3), one line per element. */
export function renderKeystoreReport(
  report: KeystoreReport,
  options: RenderOptions = {},
): string[] {
  const marks = options.ascii ? asciiMarks : unicodeMarks
  return [
    `${report.fileName}   ${report.description}`,
    ...report.findings.flatMap((finding) => findingLines(finding, marks)),
    ...report.keys.map((key) => {
      const fits =
        key.certificate === null ? 'no certificate fits' : `matches certificate ${key.certificate}`
      return `  key       ${key.key}, ${fits}${key.alias === null ? '' : `, alias ${key.alias}`}`
    }),
    ...certificateLines(report, marks),
    ...nameLines(report),
  ]
}

function findingLines(finding: KeystoreFinding, marks: Marks): string[] {
  const line = `  ${marks[finding.level]} ${finding.code}  ${finding.text}`
  return finding.cure === null ? [line] : [line, `            ${marks.cure} ${finding.cure}`]
}

function certificateLines(report: KeystoreReport, marks: Marks): string[] {
  const { certificates, missingIssuer } = report
  const width = Math.max(
    ...certificates.map(({ subject }) => subject.length),
    missingIssuer?.subject.length ?? 0,
  )
  const digits = `${certificates.length}`.length
  const line = (mark: string, role: string, name: string, rest: string) =>
    `  ${mark.padStart(digits)} ${role.padEnd(7)} ${name.padEnd(width)}    ${rest}`.trimEnd()
  const lines = certificates.map((one) => line(`${one.number}`, one.role, one.subject, endOf(one)))
  if (missingIssuer === null) return lines
  // Above an issuer that is here usually only the root is missing, and that one is configured.
  const { subject, likelyRoot } = missingIssuer
  const rest = likelyRoot ? 'not in file (fine: roots are configured, not sent)' : 'not in file'
  return [...lines, line(marks.absent, likelyRoot ? 'root' : 'issuer', subject, rest)]
}

function endOf({ notAfter, daysLeft, extendedKeyUsage, role }: ReportedCertificate): string {
  const until = `until ${notAfter.slice(0, 10)}`
  if (role !== 'leaf') return until
  const left = daysLeft < 0 ? `ended ${-daysLeft} days ago` : `${daysLeft} days`
  return `${until} (${left})   ${extendedKeyUsage?.join(', ') ?? 'any purpose'}`
}

function nameLines({ certificates }: KeystoreReport): string[] {
  const leaf = certificates.find(({ role }) => role === 'leaf')
  if (!leaf) return []
  return [
    `  DN        RFC 2253   ${leaf.subjectForms.rfc2253}`,
    `            openssl 3  ${leaf.subjectForms.openssl}`,
    `            slash      ${leaf.subjectForms.slash}`,
  ]
}
