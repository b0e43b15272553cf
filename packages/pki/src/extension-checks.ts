import type { Certificate } from './certificate.ts'
import type { ChainPurpose } from './chain-fault.ts'
import { type DerNode, readDer } from './der.ts'
import { childOf, readBitString, readOid } from './der-read.ts'
import { PkiError } from './errors.ts'
import { readGeneralName } from './general-name.ts'

/** Netscape's certificate type: older than extendedKeyUsage, and OpenSSL still holds to it. */
const netscapeType = '2.16.840.1.113730.1.1'
const netscapeBits = { client: 0x80, server: 0x40 } as const

/** Whether a leaf has no Netscape certificate type, or one for this purpose. Throws if malformed. */
export function allowsByNetscapeType({ extensions }: Certificate, purpose: ChainPurpose): boolean {
  const extension = extensions.find(({ oid }) => oid === netscapeType)
  if (extension === undefined) return true
  const { bytes } = readBitString(readDer(extension.value))
  return ((bytes[0] ?? 0) & netscapeBits[purpose]) !== 0
}

/**
 * Throws unless the bytes are CRLDistributionPoints (RFC 5280 section 4.2.1.13). We follow none of
 * them; but a verifier that does refuses the whole certificate for a malformed one.
 */
export function assertDistributionPoints(value: Uint8Array): void {
  const points = readDer(value)
  if (points.tag !== 0x30 || points.children.length === 0) throw malformed()
  for (const point of points.children) {
    if (point.tag !== 0x30) throw malformed()
    for (const part of point.children) assertPart(part)
  }
}

/** Throws unless the bytes are certificatePolicies that name no policy twice (RFC 5280 section 4.2.1.4). */
export function assertPolicies(value: Uint8Array): void {
  const policies = readDer(value)
  const oids = policies.children.map((policy) => readOid(childOf(policy, 0)))
  if (policies.tag !== 0x30 || oids.length === 0 || new Set(oids).size !== oids.length) {
    throw malformed('certificate policies')
  }
}

function assertPart(part: DerNode): void {
  if (part.tag === 0x81) return
  if (part.tag === 0xa2) {
    part.children.forEach(readGeneralName)
    return
  }
  const name = part.tag === 0xa0 ? childOf(part, 0) : null
  // A relative name says nothing to us; a full one is a list of GeneralName.
  if (name?.tag === 0xa1) return
  if (name?.tag !== 0xa0 || name.children.length === 0) throw malformed()
  name.children.forEach(readGeneralName)
}

function malformed(what = 'CRL distribution points'): PkiError {
  return new PkiError('pki/malformed-certificate', `its ${what} are malformed`)
}
