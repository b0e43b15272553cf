import { hash, type KeyObject, X509Certificate } from 'node:crypto'
import { type Certificate, parseCertificate } from './certificate.ts'
import { readDer } from './der.ts'
import { childOf, readBitString } from './der-read.ts'
import { bitString, explicit, integer, sequence } from './der-write.ts'
import { PkiError } from './errors.ts'
import type { CertificateExtension } from './extension.ts'
import { encodeExtensions } from './extension-write.ts'
import type { SubjectAltNameOrder } from './general-name.ts'
import { keyWeakness, publicKeyFacts, spkiOf } from './key-description.ts'
import type { Name } from './name.ts'
import { parseSerial, serialOctetsMax } from './serial.ts'
import type { Signer } from './signer.ts'
import { encodeTime } from './time.ts'

/** What a new certificate shall say; the columns of pki.md section 3 are the caller's choice. */
export interface CertificateTemplate {
  readonly subject: Name
  readonly publicKey: KeyObject
  /** Hex, as `newSerial` makes it. */
  readonly serial: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Present for an authority; absent writes `CA:FALSE`. */
  readonly ca?: { readonly pathLength?: number }
  /** Names of RFC 5280 section 4.2.1.3. */
  readonly keyUsage: readonly string[]
  /** `clientAuth`, `serverAuth`, … or dotted numbers. */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectAltNames?: readonly SubjectAltNameOrder[]
  /** Further extensions, written after ours and as they are. */
  readonly extensions?: readonly CertificateExtension[]
}

/** Who issues: an authority's certificate, or `self` for a root. */
export type Issuer = { readonly certificate: Certificate } | 'self'

/**
 * Issues an X.509 v3 certificate by the common rules of pki.md section 3: issuer field is a byte
 * copy, AKI copies the issuer's SKI, critical basicConstraints and keyUsage, no fractions of seconds.
 * Before it is returned, our own output is parsed and verified again with OpenSSL (section 3.2);
 * `pki/self-check-failed` then means that the signer must not be used further.
 */
export async function issueCertificate(
  template: CertificateTemplate,
  issuer: Issuer,
  signer: Signer,
): Promise<Certificate> {
  const spki = spkiOf(template.publicKey)
  assertOrder(template, spki)
  assertIssuer(template, spki, issuer, signer)
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(parseSerial(template.serial)),
    signer.algorithm.identifier,
    issuer === 'self' ? template.subject.raw : issuer.certificate.subject.raw,
    sequence(encodeTime(template.notBefore), encodeTime(template.notAfter)),
    template.subject.raw,
    spki,
    explicit(
      3,
      encodeExtensions({
        ...template,
        subjectKeyId: keyIdentifier(spki),
        authorityKeyId: issuer === 'self' ? null : issuer.certificate.subjectKeyId,
      }),
    ),
  )
  const signature = await signer.sign(tbs)
  const raw = sequence(tbs, signer.algorithm.identifier, bitString(signature))
  return checked(raw, template, issuer, signer)
}

/** Key identifier by method 1 of RFC 7093: the left 160 bits of the SHA-256 of the key bits. */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  const { bytes } = readBitString(childOf(readDer(spki), 1))
  return hash('sha256', bytes, 'buffer').subarray(0, 20)
}

function assertOrder(template: CertificateTemplate, spki: Uint8Array): void {
  const weakness = keyWeakness(publicKeyFacts(readDer(spki)))
  if (weakness !== null) throw new PkiError('pki/weak-key', weakness)
  const serial = integer(parseSerial(template.serial))
  if (parseSerial(template.serial) === 0n || serial.length - 2 > serialOctetsMax) {
    throw forbids('a serial number is positive and has at most 20 octets')
  }
  if (template.notAfter.getTime() < template.notBefore.getTime()) {
    throw forbids('the validity ends before it begins')
  }
  if (template.subject.rdns.length === 0 && (template.subjectAltNames ?? []).length === 0) {
    throw forbids('a certificate needs a subject or an alternative name')
  }
  if ((template.ca !== undefined) !== template.keyUsage.includes('keyCertSign')) {
    throw forbids('keyCertSign belongs to authorities, and to all of them')
  }
}

function assertIssuer(
  template: CertificateTemplate,
  spki: Uint8Array,
  issuer: Issuer,
  signer: Signer,
): void {
  const signerSpki = spkiOf(signer.publicKey)
  const wanted = issuer === 'self' ? spki : issuer.certificate.spki
  if (Buffer.compare(signerSpki, wanted) !== 0) {
    throw new PkiError('pki/key-mismatch', "the signer's key is not the key of the issuer")
  }
  if (issuer === 'self') return
  const { certificate } = issuer
  if (certificate.basicConstraints?.ca !== true) throw forbids('the issuer is not an authority')
  if (certificate.keyUsage?.includes('keyCertSign') === false) {
    throw forbids('the issuer may not sign certificates')
  }
  if (template.ca !== undefined && certificate.basicConstraints.pathLength === 0) {
    throw forbids('the issuer may not have authorities below it')
  }
  // In seconds, which is all a certificate holds: the issuer's own fraction was cut as well.
  if (wholeSeconds(template.notAfter) > wholeSeconds(certificate.notAfter)) {
    throw new PkiError(
      'pki/validity-beyond-issuer',
      `the certificate would outlive its issuer, which ends ${certificate.notAfter.toISOString()}`,
    )
  }
}

/** What we release is judged from its bytes by a second implementation, not by our intentions. */
function checked(
  raw: Uint8Array,
  template: CertificateTemplate,
  issuer: Issuer,
  signer: Signer,
): Certificate {
  try {
    const certificate = parseCertificate(raw)
    const judged = new X509Certificate(raw)
    const issuerName = issuer === 'self' ? certificate.subject.raw : issuer.certificate.subject.raw
    const faults = [
      judged.verify(signer.publicKey) || 'the signature does not verify',
      Buffer.compare(certificate.issuer.raw, issuerName) === 0 || 'the issuer field differs',
      judged.publicKey.equals(template.publicKey) || 'it certifies another key',
      parseSerial(judged.serialNumber) === parseSerial(template.serial) || 'the serial differs',
      judged.ca === (template.ca !== undefined) || 'the CA flag differs',
      judged.validToDate.getTime() === certificate.notAfter.getTime() || 'the validity differs',
    ].filter((fault) => fault !== true)
    if (faults.length > 0) throw new PkiError('pki/self-check-failed', faults.join('; '))
    return certificate
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PkiError('pki/self-check-failed', `a certificate just made is wrong: ${reason}`, {
      cause,
    })
  }
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

function forbids(what: string): PkiError {
  return new PkiError('pki/profile-forbids', what)
}
