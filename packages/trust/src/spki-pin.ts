import { TrustError } from './errors.ts'
import type { PeerIdentity } from './identity.ts'

/** What a client certificate must be in addition to being verified (gateway.md section 2.2). */
export interface Pins {
  /** Lower-case hex SHA-256 of the leaf. */
  readonly certificateHashes: ReadonlySet<string>
  /** base64 SHA-256 of the SubjectPublicKeyInfo. */
  readonly spkiHashes: ReadonlySet<string>
  readonly subjectAltNames: readonly string[]
}

/**
 * Lower-case hex of a certificate hash written as `aabb…`, `AABB…` or `AA:BB:…`. Throws
 * `trust/malformed-pin` for anything that is not a SHA-256 (gateway.md section 2.2).
 */
export function parseCertificateHash(text: string): string {
  const hex = /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$/.test(text) ? text.replaceAll(':', '') : text
  if (!/^[0-9A-Fa-f]{64}$/.test(hex)) {
    throw new TrustError('trust/malformed-pin', `"${text}" is not the hex SHA-256 of a certificate`)
  }
  return hex.toLowerCase()
}

/** base64 of an SPKI pin. Throws `trust/malformed-pin` unless it is exactly 32 bytes in base64. */
export function parseSpkiPin(text: string): string {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== text) {
    throw new TrustError(
      'trust/malformed-pin',
      `"${text}" is not the base64 SHA-256 of a public key (44 characters that end in =)`,
    )
  }
  return text
}

/**
 * What keeps this peer from satisfying the pins, or `null` if nothing does. One hit in either list
 * of hashes is enough; the SAN list is a condition of its own (gateway.md section 2.2).
 */
export function pinMismatch(identity: PeerIdentity, pins: Pins): string | null {
  const hashed = pins.certificateHashes.size + pins.spkiHashes.size > 0
  if (
    hashed &&
    !pins.certificateHashes.has(identity.sha256) &&
    !pins.spkiHashes.has(identity.spkiSha256)
  ) {
    return `its SHA-256 ${identity.sha256} and its key ${identity.spkiSha256} are in no list of pins`
  }
  if (pins.subjectAltNames.length > 0 && !hasListedName(identity, pins.subjectAltNames)) {
    return 'none of its subject alternative names is in the list of this host'
  }
  return null
}

function hasListedName(identity: PeerIdentity, listed: readonly string[]): boolean {
  const exact = new Set(listed)
  const folded = new Set(listed.map((name) => name.toLowerCase()))
  // Wildcards on either side stand for themselves only (gateway.md section 2.2, "ours").
  return (
    identity.dnsSans.some((name) => folded.has(name.toLowerCase())) ||
    [...identity.uriSans, ...identity.emailSans, ...identity.ipSans].some((name) => exact.has(name))
  )
}
