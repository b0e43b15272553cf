import { formatName, parseCertificate } from '@twinlatch/pki'
import type { ExplainedCertificate } from './explanation.ts'
import type { PeerIdentity } from './identity.ts'

/** A record shows this many subjects above the leaf; a longer chain is refused anyway. */
const chainSubjectsMax = 10

/** The certificate of a record (console-and-cli.md section 3). Parses the chain: not for hot paths. */
export function explainCertificate(
  identity: PeerIdentity,
  verified: boolean,
  verifyError: string | null,
): ExplainedCertificate {
  return {
    subject: identity.subject,
    issuer: identity.issuer,
    serial: identity.serial,
    sha256: identity.sha256,
    notBefore: identity.notBefore.toISOString(),
    notAfter: identity.notAfter.toISOString(),
    eku: identity.certificate.extendedKeyUsage,
    chain: identity.chain.slice(1, 1 + chainSubjectsMax).map(subjectOf),
    verified,
    verifyError,
  }
}

function subjectOf(der: Uint8Array): string {
  try {
    return formatName(parseCertificate(der).subject)
  } catch {
    // What the peer sent above its leaf may be anything; the record still has to be made.
    return '(not readable)'
  }
}
