import { encodeDer } from './der.ts'
import { integer, namedBits, oid, sequence } from './der-write.ts'
import { PkiError } from './errors.ts'
import {
  type CertificateExtension,
  extendedKeyUsageOids,
  extensionOid,
  keyUsageBits,
} from './extension.ts'
import { encodeGeneralName, type SubjectAltNameOrder } from './general-name.ts'
import type { Name } from './name.ts'
import { isOid } from './oid.ts'

/** What the extensions of a new certificate are made from. */
export interface ExtensionOrder {
  readonly subject: Name
  readonly ca?: { readonly pathLength?: number }
  readonly keyUsage: readonly string[]
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectAltNames?: readonly SubjectAltNameOrder[]
  readonly subjectKeyId: Uint8Array
  /** Hex of the issuer's SKI; `null` for a root, or below an issuer that has none. */
  readonly authorityKeyId: string | null
  readonly extensions?: readonly CertificateExtension[]
}

/** DER Extensions with the critical flags of pki.md section 3; none occurs twice. */
export function encodeExtensions(order: ExtensionOrder): Uint8Array {
  const extensions = [
    basicConstraints(order),
    keyUsage(order),
    ...extendedKeyUsage(order),
    { oid: extensionOid.subjectKeyIdentifier, critical: false, value: octets(order.subjectKeyId) },
    ...authorityKeyId(order),
    ...subjectAltNames(order),
    ...(order.extensions ?? []),
  ]
  if (new Set(extensions.map((extension) => extension.oid)).size !== extensions.length) {
    throw forbids('an extension would occur twice')
  }
  return sequence(...extensions.map(encodeExtension))
}

function basicConstraints({ ca }: ExtensionOrder): CertificateExtension {
  // FALSE is the default and DER never writes a default: a leaf has an empty sequence.
  const parts = ca === undefined ? [] : [encodeDer(0x01, Uint8Array.of(0xff))]
  if (ca?.pathLength !== undefined) parts.push(integer(ca.pathLength))
  return { oid: extensionOid.basicConstraints, critical: true, value: sequence(...parts) }
}

function keyUsage(order: ExtensionOrder): CertificateExtension {
  const bits = order.keyUsage.map((name) => {
    const bit = (keyUsageBits as readonly string[]).indexOf(name)
    if (bit < 0) throw forbids(`there is no key usage "${name}"`)
    return bit
  })
  if (bits.length === 0) throw forbids('a certificate needs at least one key usage')
  return { oid: extensionOid.keyUsage, critical: true, value: namedBits(bits) }
}

function extendedKeyUsage(order: ExtensionOrder): CertificateExtension[] {
  const usages = order.extendedKeyUsage ?? []
  if (usages.length === 0) return []
  const oids = usages.map((name) => {
    const dotted = extendedKeyUsageOids.get(name) ?? name
    if (!isOid(dotted)) throw forbids(`there is no extended key usage "${name}"`)
    return oid(dotted)
  })
  return [{ oid: extensionOid.extendedKeyUsage, critical: false, value: sequence(...oids) }]
}

function authorityKeyId({ authorityKeyId: hex }: ExtensionOrder): CertificateExtension[] {
  if (hex === null) return []
  const value = sequence(encodeDer(0x80, Buffer.from(hex, 'hex')))
  return [{ oid: extensionOid.authorityKeyIdentifier, critical: false, value }]
}

function subjectAltNames(order: ExtensionOrder): CertificateExtension[] {
  const names = order.subjectAltNames ?? []
  if (names.length === 0) return []
  // Critical exactly when there is no subject (RFC 5280 section 4.2.1.6).
  const critical = order.subject.rdns.length === 0
  const value = sequence(...names.map(encodeGeneralName))
  return [{ oid: extensionOid.subjectAltName, critical, value }]
}

/** DER of one extension, of a certificate or of a revocation list. */
export function encodeExtension({ oid: type, critical, value }: CertificateExtension): Uint8Array {
  const flag = critical ? [encodeDer(0x01, Uint8Array.of(0xff))] : []
  return sequence(oid(type), ...flag, octets(value))
}

function octets(bytes: Uint8Array): Uint8Array {
  return encodeDer(0x04, bytes)
}

function forbids(what: string): PkiError {
  return new PkiError('pki/profile-forbids', what)
}
