import { type DerNode, readDer } from './der.ts'
import {
  childOf,
  readBitString,
  readBoolean,
  readInteger,
  readOctets,
  readOid,
} from './der-read.ts'
import { PkiError } from './errors.ts'
import { readGeneralName, type SubjectAltName } from './general-name.ts'
import { formatSerial } from './serial.ts'

/** One extension as it came. */
export interface CertificateExtension {
  readonly oid: string
  readonly critical: boolean
  /** DER inside the OCTET STRING. */
  readonly value: Uint8Array
}

/** Object identifiers of the extensions of RFC 5280 section 4.2.1 that we read or write. */
export const extensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  crlDistributionPoints: '2.5.29.31',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const

/** What the extensions we understand say. */
export interface ExtensionFacts {
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  readonly keyUsage: readonly string[] | null
  readonly extendedKeyUsage: readonly string[] | null
  readonly subjectAltNames: readonly SubjectAltName[]
  readonly subjectKeyId: string | null
  /** The issuer's `subjectKeyId`, as this certificate names it. */
  readonly authorityKeyId: string | null
  /** DER name of the issuer's own issuer, where this certificate names its issuer that way. */
  readonly authorityIssuer: Uint8Array | null
  /** Serial number of the issuer's certificate, named together with `authorityIssuer`. */
  readonly authoritySerial: string | null
}

/** Bits of keyUsage in their order (RFC 5280 section 4.2.1.3). */
export const keyUsageBits = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** Names of extended key usages and their object identifiers (RFC 5280 section 4.2.1.12). */
export const extendedKeyUsageOids = new Map<string, string>([
  ['serverAuth', '1.3.6.1.5.5.7.3.1'],
  ['clientAuth', '1.3.6.1.5.5.7.3.2'],
  ['codeSigning', '1.3.6.1.5.5.7.3.3'],
  ['emailProtection', '1.3.6.1.5.5.7.3.4'],
  ['timeStamping', '1.3.6.1.5.5.7.3.8'],
  ['OCSPSigning', '1.3.6.1.5.5.7.3.9'],
  ['anyExtendedKeyUsage', '2.5.29.37.0'],
])

const extendedKeyUsageNames = new Map([...extendedKeyUsageOids].map(([name, oid]) => [oid, name]))

/**
 * Reads the Extensions sequence. An extension given twice is refused here, so that no reader can
 * pick the other one (RFC 5280 section 4.2).
 */
export function readExtensions(node: DerNode): CertificateExtension[] {
  // Extensions ::= SEQUENCE SIZE (1..MAX), RFC 5280 section 4.1.
  if (node.children.length === 0) throw malformed('list', 'is empty')
  const extensions = node.children.map((child) => {
    const hasFlag = child.children[1]?.tag === 0x01
    if (child.tag !== 0x30 || child.children.length !== (hasFlag ? 3 : 2))
      throw malformed('an extension', 'has odd parts')
    return {
      oid: readOid(childOf(child, 0)),
      critical: hasFlag && readBoolean(childOf(child, 1)),
      value: readOctets(childOf(child, hasFlag ? 2 : 1)),
    }
  })
  const seen = new Set<string>()
  for (const { oid } of extensions) {
    if (seen.has(oid)) throw malformed(oid, 'occurs twice')
    seen.add(oid)
  }
  return extensions
}

/** Reads the extensions we understand; one of them that is malformed makes the certificate so. */
export function extensionFacts(extensions: readonly CertificateExtension[]): ExtensionFacts {
  const read = <T>(oid: string, parse: (node: DerNode) => T): T | null => {
    const extension = extensions.find((candidate) => candidate.oid === oid)
    return extension === undefined ? null : parse(readDer(extension.value))
  }
  const authority = read(extensionOid.authorityKeyIdentifier, readAuthorityKeyId)
  return {
    basicConstraints: read(extensionOid.basicConstraints, readBasicConstraints),
    keyUsage: read(extensionOid.keyUsage, readKeyUsage),
    extendedKeyUsage: read(extensionOid.extendedKeyUsage, (node) =>
      list(node, 'extendedKeyUsage').map((child) => {
        const oid = readOid(child)
        return extendedKeyUsageNames.get(oid) ?? oid
      }),
    ),
    subjectAltNames:
      read(extensionOid.subjectAltName, (node) =>
        filledList(node, 'subjectAltName').map(readGeneralName),
      ) ?? [],
    subjectKeyId: read(extensionOid.subjectKeyIdentifier, (node) => hex(readOctets(node))),
    authorityKeyId: authority?.keyId ?? null,
    authorityIssuer: authority?.issuer ?? null,
    authoritySerial: authority?.serial ?? null,
  }
}

function readBasicConstraints(node: DerNode): ExtensionFacts['basicConstraints'] {
  const parts = list(node, 'basicConstraints')
  const hasFlag = parts[0]?.tag === 0x01
  const ca = hasFlag && readBoolean(childOf(node, 0))
  const length = parts[hasFlag ? 1 : 0]
  if (parts.length > (hasFlag ? 2 : 1)) throw malformed('basicConstraints', 'has odd parts')
  if (length === undefined) return { ca, pathLength: null }
  const pathLength = readInteger(length)
  if (pathLength < 0n) throw malformed('basicConstraints', 'has a negative path length')
  return { ca, pathLength: pathLength > 1000n ? 1000 : Number(pathLength) }
}

function readKeyUsage(node: DerNode): string[] {
  const { bytes } = readBitString(node)
  return keyUsageBits.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}

/** What an authorityKeyIdentifier names (RFC 5280 section 4.2.1.1). */
export function readAuthorityKeyId(node: DerNode): {
  keyId: string | null
  issuer: Uint8Array | null
  serial: string | null
} {
  const parts = list(node, 'authorityKeyIdentifier')
  const keyId = parts.find(({ tag }) => tag === 0x80)
  const names = parts.find(({ tag }) => tag === 0xa1)?.children ?? []
  const directory = names.find(({ tag }) => tag === 0xa4)
  const serial = parts.find(({ tag }) => tag === 0x82)
  return {
    keyId: keyId === undefined ? null : hex(keyId.content),
    issuer: directory === undefined ? null : childOf(directory, 0, 0x30).raw,
    serial:
      serial === undefined
        ? null
        : formatSerial(readInteger({ tag: 0x02, content: serial.content })),
  }
}

function list(node: DerNode, what: string): readonly DerNode[] {
  if (node.tag !== 0x30) throw malformed(what, 'is not a sequence')
  return node.children
}

/** GeneralNames ::= SEQUENCE SIZE (1..MAX), RFC 5280 section 4.2.1.6. */
function filledList(node: DerNode, what: string): readonly DerNode[] {
  if (list(node, what).length === 0) throw malformed(what, 'is empty')
  return node.children
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function malformed(what: string, problem: string): PkiError {
  return new PkiError('pki/malformed-certificate', `certificate extension ${what} ${problem}`)
}
