import type { Certificate } from './certificate.ts'
import { parseRevocationList, type RevocationList } from './crl.ts'
import { encodeDer } from './der.ts'
import { bitString, explicit, integer, sequence } from './der-write.ts'
import { PkiError } from './errors.ts'
import { extensionOid } from './extension.ts'
import { encodeExtension } from './extension-write.ts'
import { spkiOf } from './key-description.ts'
import { encodeReason, type RevocationReason } from './revocation-reason.ts'
import { parseSerial, serialOctetsMax } from './serial.ts'
import type { Signer } from './signer.ts'
import { encodeTime } from './time.ts'

/** What a new revocation list shall say (pki.md section 6). */
export interface RevocationListTemplate {
  /** Strictly increasing for an issuer, at most 20 octets; the caller keeps count. */
  readonly number: bigint
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly entries: readonly {
    /** Hex, as a certificate has it. */
    readonly serial: string
    readonly revokedAt: Date
    readonly reason?: RevocationReason
  }[]
}

/**
 * Issues a complete CRL of version 2 with AKI and cRLNumber; the issuer's name is a byte copy. Our own
 * output is parsed and its signature verified before it is returned; `pki/self-check-failed` then
 * means that the signer must not be used further.
 */
export async function issueRevocationList(
  template: RevocationListTemplate,
  issuer: Certificate,
  signer: Signer,
): Promise<RevocationList> {
  assertTemplate(template, issuer, signer)
  const entries = template.entries.map(encodeEntry)
  const tbs = sequence(
    integer(1),
    signer.algorithm.identifier,
    issuer.subject.raw,
    encodeTime(template.thisUpdate),
    encodeTime(template.nextUpdate),
    // Absent rather than empty (RFC 5280 section 5.1.2.6).
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(0, sequence(...extensionsOf(template, issuer))),
  )
  const signature = await signer.sign(tbs)
  const raw = sequence(tbs, signer.algorithm.identifier, bitString(signature))
  const list = selfChecked(raw)
  if (list?.isSignedBy(issuer) !== true || list.entries.size !== template.entries.length) {
    throw new PkiError('pki/self-check-failed', 'a revocation list just made is wrong')
  }
  return list
}

function assertTemplate(
  { number, thisUpdate, nextUpdate }: RevocationListTemplate,
  issuer: Certificate,
  signer: Signer,
): void {
  if (Buffer.compare(spkiOf(signer.publicKey), issuer.spki) !== 0) {
    throw new PkiError('pki/key-mismatch', "the signer's key is not the key of the issuer")
  }
  if (issuer.keyUsage?.includes('cRLSign') === false) {
    throw forbids('the issuer may not sign revocation lists')
  }
  if (number < 0n || integer(number).length - 2 > serialOctetsMax) {
    throw forbids('a CRL number is not negative and has at most 20 octets')
  }
  if (nextUpdate.getTime() <= thisUpdate.getTime()) {
    throw forbids('a revocation list ends after it begins')
  }
}

function extensionsOf({ number }: RevocationListTemplate, issuer: Certificate): Uint8Array[] {
  const critical = false
  const crlNumber = { oid: extensionOid.crlNumber, critical, value: integer(number) }
  if (issuer.subjectKeyId === null) return [encodeExtension(crlNumber)]
  const value = sequence(encodeDer(0x80, Buffer.from(issuer.subjectKeyId, 'hex')))
  const keyId = { oid: extensionOid.authorityKeyIdentifier, critical, value }
  return [encodeExtension(keyId), encodeExtension(crlNumber)]
}

function encodeEntry(entry: RevocationListTemplate['entries'][number]): Uint8Array {
  const { serial, revokedAt, reason = 'unspecified' } = entry
  // The reason "unspecified" is said by leaving it out (RFC 5280 section 5.3.1).
  const extensions =
    reason === 'unspecified'
      ? []
      : [
          sequence(
            encodeExtension({
              oid: extensionOid.reasonCode,
              critical: false,
              value: encodeReason(reason),
            }),
          ),
        ]
  return sequence(integer(parseSerial(serial)), encodeTime(revokedAt), ...extensions)
}

function selfChecked(raw: Uint8Array): RevocationList | null {
  try {
    return parseRevocationList(raw)
  } catch {
    return null
  }
}

function forbids(what: string): PkiError {
  return new PkiError('pki/profile-forbids', what)
}
