import { hash } from 'node:crypto'
import { readSignatureAlgorithm, type SignatureAlgorithm } from './algorithms.ts'
import type { Certificate } from './certificate.ts'
import { type DerNode, readDer } from './der.ts'
import { childOf, readBitString, readInteger } from './der-read.ts'
import { PkiError } from './errors.ts'
import {
  type CertificateExtension,
  extensionOid,
  readAuthorityKeyId,
  readExtensions,
} from './extension.ts'
import { type Name, nameFromNode } from './name.ts'
import { decodePem } from './pem.ts'
import { type RevocationReason, readReason } from './revocation-reason.ts'
import { formatSerial } from './serial.ts'
import { verifySignature } from './signature.ts'
import { readTime } from './time.ts'

/** One certificate that its issuer has taken back. */
export interface RevokedCertificate {
  readonly revokedAt: Date
  /** `unspecified` when the list names none. */
  readonly reason: RevocationReason
}

/** A parsed certificate revocation list (RFC 5280 section 5.1): its bytes, and everything they say. */
export interface RevocationList {
  /** The DER as it came. */
  readonly raw: Uint8Array
  readonly issuer: Name
  readonly thisUpdate: Date
  /** The last second for which the list speaks; `null` for a list that names none. */
  readonly nextUpdate: Date | null
  readonly number: bigint | null
  /** Lower-case hex of the key that signed, as far as the list names it. */
  readonly authorityKeyId: string | null
  readonly signatureAlgorithm: string
  readonly signatureDigest: SignatureAlgorithm['digest']
  /** By serial number in the spelling of `Certificate.serial`. */
  readonly entries: ReadonlyMap<string, RevokedCertificate>
  readonly extensions: readonly CertificateExtension[]
  /** A critical extension of some entry: we process none, so the whole list cannot be used. */
  readonly criticalEntryExtension: string | null
  /** Lower-case hex of the SHA-256 of `raw`. */
  readonly sha256: string
  /** Whether the key of `authority` made the signature; remembered, as a list may have megabytes. */
  isSignedBy(authority: Certificate): boolean
}

/** Bounds of the lists we read; whoever sends one must not choose our cost. */
export const crlLimits = {
  /** 60 000 entries take 2.1 MB (pki.md section 6), and we shard above 50 000. */
  bytesMax: 8 * 1024 * 1024,
  /** Elements of the encoding: up to ten an entry with a reason and an invalidity date. */
  nodesMax: 1_000_000,
  /** PEM text: a list of the largest size in base64, with the lists of other authorities. */
  textMax: 16 * 1024 * 1024,
  /** Lists in one file: one for each authority of a bundle. */
  listsMax: 500,
} as const

/**
 * Reads one DER revocation list strictly: minimal lengths, nothing after the end, no serial number
 * and no extension twice, the same algorithm inside and outside the signature. Checks neither
 * signature nor date: `verifyChain` does. Throws `pki/malformed-crl`, with the reason as its cause.
 */
export function parseRevocationList(der: Uint8Array): RevocationList {
  try {
    return readList(Uint8Array.from(der))
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause
    throw new PkiError('pki/malformed-crl', `not a usable revocation list: ${cause.message}`, {
      cause,
    })
  }
}

/**
 * All revocation lists of PEM text (`X509 CRL`), or the one of DER bytes, in the order of the input.
 * Throws `pki/malformed-crl` when there is none at all: a list that was asked for never counts as empty.
 */
export function parseRevocationLists(pemOrDer: string | Uint8Array): RevocationList[] {
  if (typeof pemOrDer !== 'string' && pemOrDer[0] === 0x30) return [parseRevocationList(pemOrDer)]
  const text = typeof pemOrDer === 'string' ? pemOrDer : Buffer.from(pemOrDer).toString('utf8')
  const blocks = decodePem(text, crlLimits.textMax).filter(({ label }) => label === 'X509 CRL')
  if (blocks.length === 0) throw malformed('the text holds no block "X509 CRL"')
  if (blocks.length > crlLimits.listsMax) {
    throw malformed(`more than ${crlLimits.listsMax} lists in one text`)
  }
  return blocks.map(({ der }) => parseRevocationList(der))
}

function readList(raw: Uint8Array): RevocationList {
  const outer = readDer(raw, crlLimits)
  if (outer.tag !== 0x30 || outer.children.length !== 3) throw malformed('it has odd parts')
  const tbs = childOf(outer, 0, 0x30)
  const identifier = childOf(outer, 1, 0x30)
  const { bytes: signature } = readBitString(childOf(outer, 2))
  const fields = tbsFields(tbs)
  if (Buffer.compare(identifier.raw, fields.algorithm.raw) !== 0) {
    throw malformed('the signature algorithms inside and outside differ')
  }
  const algorithm = readSignatureAlgorithm(identifier)
  const extensions = fields.extensions === null ? [] : readExtensions(fields.extensions)
  const read = (oid: string) => {
    const extension = extensions.find((candidate) => candidate.oid === oid)
    return extension === undefined ? null : readDer(extension.value)
  }
  const number = read(extensionOid.crlNumber)
  const keyId = read(extensionOid.authorityKeyIdentifier)
  const verdicts = new Map<string, boolean>()
  return {
    raw,
    issuer: nameFromNode(fields.issuer),
    thisUpdate: readTime(fields.thisUpdate),
    nextUpdate: fields.nextUpdate === null ? null : readTime(fields.nextUpdate),
    number: number === null ? null : readInteger(number),
    authorityKeyId: keyId === null ? null : readAuthorityKeyId(keyId).keyId,
    signatureAlgorithm: algorithm.name,
    signatureDigest: algorithm.digest,
    ...readEntries(fields.revoked),
    extensions,
    sha256: hash('sha256', raw, 'hex'),
    isSignedBy({ spkiSha256, publicKey }) {
      const known = verdicts.get(spkiSha256)
      if (known !== undefined) return known
      const fits = verifySignature(identifier, tbs.raw, publicKey, signature)
      verdicts.set(spkiSha256, fits)
      return fits
    },
  }
}

interface TbsFields {
  readonly algorithm: DerNode
  readonly issuer: DerNode
  readonly thisUpdate: DerNode
  readonly nextUpdate: DerNode | null
  readonly revoked: DerNode | null
  readonly extensions: DerNode | null
}

const isTime = (node: DerNode | undefined) => node?.tag === 0x17 || node?.tag === 0x18

function tbsFields(tbs: DerNode): TbsFields {
  const hasVersion = tbs.children[0]?.tag === 0x02
  // Version 1 has no such field; 1 means version 2, and there is no other.
  if (hasVersion && readInteger(childOf(tbs, 0)) !== 1n) throw malformed('it is not of version 2')
  let next = hasVersion ? 1 : 0
  const take = (is: (node: DerNode | undefined) => boolean) =>
    is(tbs.children[next]) ? childOf(tbs, next++) : null
  const need = (what: string, is: (node: DerNode | undefined) => boolean) => {
    const node = take(is)
    if (node === null) throw malformed(`${what} is missing`)
    return node
  }
  const isSequence = (node: DerNode | undefined) => node?.tag === 0x30
  const fields = {
    algorithm: need('the algorithm', isSequence),
    issuer: need('the issuer', isSequence),
    thisUpdate: need('thisUpdate', isTime),
    nextUpdate: take(isTime),
    revoked: take(isSequence),
    extensions: take((node) => node?.tag === 0xa0),
  }
  if (next !== tbs.children.length) throw malformed('a part that does not belong into a list')
  const hasExtensions =
    fields.extensions !== null ||
    fields.revoked?.children.some(({ children }) => children.length > 2)
  if (hasExtensions && !hasVersion) throw malformed('extensions need version 2')
  if (fields.extensions === null) return fields
  return { ...fields, extensions: childOf(fields.extensions, 0, 0x30) }
}

function readEntries(
  revoked: DerNode | null,
): Pick<RevocationList, 'entries' | 'criticalEntryExtension'> {
  const entries = new Map<string, RevokedCertificate>()
  let criticalEntryExtension: string | null = null
  for (const node of revoked?.children ?? []) {
    if (node.children.length < 2 || node.children.length > 3) throw malformed('an entry is odd')
    const extensions = node.children.length > 2 ? readExtensions(childOf(node, 2, 0x30)) : []
    const serial = formatSerial(readInteger(childOf(node, 0)))
    if (entries.has(serial)) throw malformed(`the serial number ${serial} occurs twice`)
    criticalEntryExtension ??= extensions.find(({ critical }) => critical)?.oid ?? null
    const reason = extensions.find(({ oid }) => oid === extensionOid.reasonCode)
    entries.set(serial, {
      revokedAt: readTime(childOf(node, 1)),
      reason: reason === undefined ? 'unspecified' : readReason(readDer(reason.value)),
    })
  }
  return { entries, criticalEntryExtension }
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-crl', what)
}
