import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { readSignatureAlgorithm, type SignatureAlgorithm } from './algorithms.ts'
import { type DerNode, readDer } from './der.ts'
import { childOf, onlyChildOf, readBitString, readInteger } from './der-read.ts'
import { PkiError } from './errors.ts'
import {
  type CertificateExtension,
  type ExtensionFacts,
  extensionFacts,
  readExtensions,
} from './extension.ts'
import { type PublicKeyFacts, publicKeyFacts } from './key-description.ts'
import { assertValueTypes, type Name, nameFromNode } from './name.ts'
import { decodePem, pemCharactersMax } from './pem.ts'
import { formatSerial } from './serial.ts'
import { readTime } from './time.ts'

/** A parsed X.509 certificate (RFC 5280 section 4.1): its bytes, and everything they say. */
export interface Certificate extends ExtensionFacts {
  /** The DER as it came: the only form to hash, send or store. */
  readonly raw: Uint8Array
  /** 1, 2 or 3. */
  readonly version: number
  /** Lower-case hex of whole octets, zero as `0`. Compare by `parseSerial`. */
  readonly serial: string
  readonly subject: Name
  readonly issuer: Name
  readonly notBefore: Date
  /** The last second of validity; it belongs to it. */
  readonly notAfter: Date
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** Loaded when first asked for; throws `pki/unsupported-key` for a key OpenSSL does not know. */
  readonly publicKey: KeyObject
  readonly keyFacts: PublicKeyFacts
  /** `RSA 2048`, `EC P-256`, `Ed25519`. */
  readonly keyDescription: string
  /** Name as OpenSSL prints it, or the dotted number. */
  readonly signatureAlgorithm: string
  /** Digest of the signature; `null` for Ed25519, which has its own, and for what we do not know. */
  readonly signatureDigest: SignatureAlgorithm['digest']
  /** Lower-case hex of the SHA-256 of `raw`. */
  readonly sha256: string
  /** Lower-case hex of the SHA-1 of `raw`; a label, not a proof. */
  readonly sha1: string
  /** Base64 of the SHA-256 of `spki`. */
  readonly spkiSha256: string
  readonly extensions: readonly CertificateExtension[]
  /** Subject and issuer are the same bytes. Says nothing about who signed. */
  readonly selfIssued: boolean
}

/** Certificates a file may hold; a public trust store has 150. */
const certificatesMax = 500
/** A certificate with hundreds of names has 20 KiB. */
const certificateBytesMax = 64 * 1024

/**
 * Reads one DER certificate strictly: minimal lengths, nothing after the end, no extension twice,
 * the same algorithm inside and outside the signature. Checks no signature and no date. Throws
 * `pki/malformed-certificate`, with the reason as its cause.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    if (der.length > certificateBytesMax) throw malformed(`it has ${der.length} bytes`)
    return readCertificate(Uint8Array.from(der))
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause
    throw new PkiError('pki/malformed-certificate', `not a usable certificate: ${cause.message}`, {
      cause,
    })
  }
}

/**
 * All certificates of PEM text, or the one of DER bytes, in the order of the input. Other PEM
 * blocks, such as a key beside the certificate, are passed over. Throws `pki/malformed-pem` when
 * there is no certificate at all.
 */
export function parseCertificates(pemOrDer: string | Uint8Array): Certificate[] {
  if (typeof pemOrDer !== 'string' && pemOrDer[0] === 0x30) return [parseCertificate(pemOrDer)]
  if (pemOrDer.length > pemCharactersMax) {
    throw new PkiError('pki/malformed-pem', `the text has ${pemOrDer.length} characters`)
  }
  const text = typeof pemOrDer === 'string' ? pemOrDer : Buffer.from(pemOrDer).toString('utf8')
  const blocks = decodePem(text).filter(({ label }) => certificateLabels.has(label))
  if (blocks.length === 0) throw new PkiError('pki/malformed-pem', 'the text holds no certificate')
  if (blocks.length > certificatesMax) {
    throw new PkiError('pki/malformed-pem', `more than ${certificatesMax} certificates in one text`)
  }
  return blocks.map(({ der }) => parseCertificate(der))
}

const certificateLabels = new Set(['CERTIFICATE', 'X509 CERTIFICATE'])

function readCertificate(raw: Uint8Array): Certificate {
  const outer = readDer(raw, { bytesMax: certificateBytesMax })
  const tbs = childOf(outer, 0, 0x30)
  readBitString(childOf(outer, 2))
  if (outer.tag !== 0x30 || outer.children.length !== 3) throw malformed('it has odd parts')
  const fields = tbsFields(tbs)
  const algorithm = childOf(outer, 1, 0x30)
  if (Buffer.compare(algorithm.raw, fields.algorithm.raw) !== 0) {
    throw malformed('the signature algorithms inside and outside differ')
  }
  const validity = fields.validity
  if (validity.children.length !== 2) throw malformed('the validity has odd parts')
  const signature = readSignatureAlgorithm(algorithm)
  const subject = nameFromNode(fields.subject)
  const issuer = nameFromNode(fields.issuer)
  for (const name of [subject, issuer]) assertValueTypes(name)
  const spki = fields.spki.raw
  const keyFacts = publicKeyFacts(fields.spki)
  const extensions = fields.extensions === null ? [] : readExtensions(fields.extensions)
  let publicKey: KeyObject | undefined
  return {
    raw,
    version: fields.version,
    serial: formatSerial(readInteger(fields.serial)),
    subject,
    issuer,
    notBefore: readTime(childOf(validity, 0)),
    notAfter: readTime(childOf(validity, 1)),
    spki,
    get publicKey() {
      publicKey ??= loadKey(spki)
      return publicKey
    },
    keyFacts,
    keyDescription: keyFacts.description,
    signatureAlgorithm: signature.name,
    signatureDigest: signature.digest,
    sha256: hash('sha256', raw, 'hex'),
    sha1: hash('sha1', raw, 'hex'),
    spkiSha256: hash('sha256', spki, 'base64'),
    extensions,
    ...extensionFacts(extensions),
    selfIssued: Buffer.compare(subject.raw, issuer.raw) === 0,
  }
}

interface TbsFields {
  readonly version: number
  readonly serial: DerNode
  readonly algorithm: DerNode
  readonly issuer: DerNode
  readonly validity: DerNode
  readonly subject: DerNode
  readonly spki: DerNode
  readonly extensions: DerNode | null
}

function tbsFields(tbs: DerNode): TbsFields {
  const hasVersion = tbs.children[0]?.tag === 0xa0
  const version = hasVersion ? Number(readInteger(onlyChildOf(childOf(tbs, 0)))) + 1 : 1
  if (version < 1 || version > 3) throw malformed(`version ${version} does not exist`)
  const first = hasVersion ? 1 : 0
  const optional = tbs.children.slice(first + 6)
  const order = optional.map(({ tag }) => [0x81, 0x82, 0xa3].indexOf(tag))
  if (order.some((place, index) => place < 0 || place <= (order[index - 1] ?? -1))) {
    throw malformed('a part that does not belong into a certificate')
  }
  // The unique identifiers, bit strings that nobody has used for thirty years.
  for (const part of optional) {
    if (part.tag !== 0xa3) readBitString({ tag: 0x03, content: part.content })
  }
  const extensions = optional.find(({ tag }) => tag === 0xa3)
  if (extensions !== undefined && version !== 3) throw malformed('extensions need version 3')
  return {
    version,
    serial: childOf(tbs, first),
    algorithm: childOf(tbs, first + 1, 0x30),
    issuer: childOf(tbs, first + 2, 0x30),
    validity: childOf(tbs, first + 3, 0x30),
    subject: childOf(tbs, first + 4, 0x30),
    spki: childOf(tbs, first + 5, 0x30),
    extensions: extensions === undefined ? null : onlyChildOf(extensions, 0x30),
  }
}

function loadKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new PkiError('pki/unsupported-key', 'the public key of a certificate cannot be loaded', {
      cause,
    })
  }
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-certificate', what)
}
