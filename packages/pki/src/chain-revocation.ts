import type { Certificate } from './certificate.ts'
import type { ChainProblem } from './chain-fault.ts'
import type { RevocationList } from './crl.ts'
import { extensionOid } from './extension.ts'
import { formatName } from './name-format.ts'

/** What revocation is judged by. */
export interface RevocationQuestion {
  readonly time: Date
  readonly crls?: readonly RevocationList[]
}

/** Extensions of a list that we process, or that cannot narrow what it says. */
const processedExtensions = new Set<string>([
  extensionOid.crlNumber,
  extensionOid.authorityKeyIdentifier,
])

/** Extensions that make a list one of a part, or of the changes only: we need the whole. */
const partialExtensions = new Set<string>([
  extensionOid.issuingDistributionPoint,
  extensionOid.deltaCrlIndicator,
])

/**
 * Judges a path (leaf first, anchor last) by revocation lists as OpenSSL's "check all" does: with one
 * list configured, each certificate needs one of its issuer, the anchor one of itself. Nothing is
 * looked up elsewhere, and whatever is unclear refuses (gateway.md section 4.1(4), RFC 5280 section 6.3).
 */
export function refuseRevoked(
  path: readonly Certificate[],
  { time, crls = [] }: RevocationQuestion,
): ChainProblem | null {
  if (crls.length === 0) return null
  for (const [index, certificate] of path.entries()) {
    const problem = judgeOne(certificate, path[index + 1] ?? null, { time, crls })
    if (problem !== null) return problem
  }
  return null
}

function judgeOne(
  certificate: Certificate,
  above: Certificate | null,
  { time, crls }: { time: Date; crls: readonly RevocationList[] },
): ChainProblem | null {
  const missing = (message: string): ChainProblem => ({ code: 'crl-missing', message, certificate })
  // The issuer of an anchor that is no root is not known, so no list of it can be proven.
  if (above === null && !certificate.selfIssued) {
    return missing('the bundle does not hold its issuer, so no revocation list can speak for it')
  }
  const issuer = above ?? certificate
  const name = formatName(issuer.subject)
  const list = newestOf(issuer, crls, time)
  if (list === null) return missing(`there is no revocation list of its issuer ${name}`)
  const fault = faultOf(list, issuer)
  if (fault !== null) return missing(`the revocation list of ${name} ${fault}`)
  const stale = staleness(list, time)
  if (stale !== null) {
    return { code: 'crl-stale', message: `the revocation list of ${name} ${stale}`, certificate }
  }
  const entry = list.entries.get(certificate.serial)
  if (entry === undefined) return null
  const message = `${name} revoked it at ${entry.revokedAt.toISOString()} (${entry.reason})`
  return { code: 'revoked', message, certificate }
}

/**
 * The list that counts: a current one before any other, then the newest. Only one is looked at, as in
 * OpenSSL: a list that cannot be proven must not be skipped for an older one that can.
 */
function newestOf(
  issuer: Certificate,
  crls: readonly RevocationList[],
  time: Date,
): RevocationList | null {
  const rank = (list: RevocationList) => [
    Number(list.extensions.every(({ oid }) => !partialExtensions.has(oid))),
    Number(staleness(list, time) === null),
    list.thisUpdate.getTime(),
  ]
  const [newest] = crls
    .filter((list) => speaksFor(list, issuer))
    .toSorted((a, b) => compare(rank(b), rank(a)))
  return newest ?? null
}

function speaksFor(list: RevocationList, issuer: Certificate): boolean {
  if (Buffer.compare(list.issuer.raw, issuer.subject.raw) !== 0) return false
  const { authorityKeyId } = list
  return (
    authorityKeyId === null ||
    issuer.subjectKeyId === null ||
    authorityKeyId === issuer.subjectKeyId
  )
}

function faultOf(list: RevocationList, issuer: Certificate): string | null {
  if (issuer.keyUsage?.includes('cRLSign') === false) {
    return 'has a signer that may not sign lists (keyUsage)'
  }
  const partial = list.extensions.find(({ oid }) => partialExtensions.has(oid))
  if (partial !== undefined) return 'speaks for a part of its certificates only'
  const unknown = list.extensions.find(
    ({ oid, critical }) => critical && !processedExtensions.has(oid),
  )
  const critical = unknown?.oid ?? list.criticalEntryExtension
  if (critical !== null) return `has the critical extension ${critical}, which is unknown`
  if (list.signatureDigest === 'md5' || list.signatureDigest === 'sha1') {
    return `is signed with ${list.signatureAlgorithm}`
  }
  return list.isSignedBy(issuer) ? null : 'has a signature that does not fit its key'
}

function staleness(list: RevocationList, time: Date): string | null {
  // As with certificates, the last second belongs to the list.
  const now = Math.floor(time.getTime() / 1000) * 1000
  if (now < list.thisUpdate.getTime()) return `begins at ${list.thisUpdate.toISOString()}`
  // RFC 5280 section 5.1.2.5 demands nextUpdate; without it nobody can tell a list from a withheld one.
  if (list.nextUpdate === null) return 'does not say until when it holds'
  return now > list.nextUpdate.getTime() ? `ended at ${list.nextUpdate.toISOString()}` : null
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}
