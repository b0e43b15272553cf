import {
  type Certificate,
  PkiError,
  parseCertificate,
  parseCertificates,
  parseRevocationLists,
} from '@twinlatch/pki'
import { judgeOffline } from '@twinlatch/trust'
import { now } from './mint.ts'
import type { MadeCase, Verdict } from './verdict.ts'

/** Our verdict without a connection, as `twinlatch cert verify` gives it. */
export function judgeByOurselves({ material, bundlePem, crlPem }: MadeCase): Verdict {
  try {
    const verdict = judgeOffline({
      chain: [parseCertificate(material.leaf.der), ...material.above.flatMap(readable)],
      anchors: parseCertificates(bundlePem),
      crls: crlPem === null ? [] : parseRevocationLists(crlPem),
      time: now,
      purpose: 'client',
      host: null,
    })
    return verdict.accepted
      ? { says: 'accept', why: 'accepted' }
      : { says: 'refuse', why: verdict.refusal.code }
  } catch (error) {
    if (error instanceof PkiError) return { says: 'refuse', why: 'unreadable' }
    throw error
  }
}

// What stands above the leaf and does not parse is on no path (gateway.md section 4.1(1)).
function readable({ der }: { readonly der: Uint8Array }): Certificate[] {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}
