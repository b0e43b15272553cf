import { decodeString, isTextTag } from './asn1-string.ts'
import { type DerNode, encodeDer } from './der.ts'
import { childOf, readOid } from './der-read.ts'
import { PkiError } from './errors.ts'
import { formatIp, parseIp } from './ip-address.ts'
import { nameFromNode } from './name.ts'
import { formatName } from './name-format.ts'
import { decodeOid } from './oid.ts'

/** One name of subjectAltName. */
export interface SubjectAltName {
  readonly type: 'dns' | 'uri' | 'email' | 'ip' | 'other' | 'directory'
  /**
   * The text as encoded; an address in its short form; a directory name as RFC 2253 text; for
   * `other` the text of its value (a UPN), or `#` and the hex of the DER.
   */
  readonly value: string
}

/** Names we write into certificates. */
export interface SubjectAltNameOrder {
  readonly type: 'dns' | 'uri' | 'email' | 'ip'
  readonly value: string
}

/** Reads one GeneralName (RFC 5280 section 4.2.1.6). */
export function readGeneralName(node: DerNode): SubjectAltName {
  switch (node.tag) {
    case 0x81:
      return { type: 'email', value: latin1(node) }
    case 0x82:
      return { type: 'dns', value: latin1(node) }
    case 0x86:
      return { type: 'uri', value: latin1(node) }
    case 0x87:
      return { type: 'ip', value: formatIp(node.content) }
    case 0xa4:
      return { type: 'directory', value: formatName(nameFromNode(childOf(node, 0))) }
    case 0xa0:
      return { type: 'other', value: otherNameText(node) }
    case 0x88:
      return { type: 'other', value: decodeOid(node.content) }
    default:
      return { type: 'other', value: hex(node) }
  }
}

/** DER of one GeneralName; throws `pki/name-forbidden` for text its type cannot hold. */
export function encodeGeneralName({ type, value }: SubjectAltNameOrder): Uint8Array {
  if (type === 'ip') {
    const address = parseIp(value)
    if (address === null) throw refused(`"${value}" is not an IP address`)
    return encodeDer(0x87, address)
  }
  if (!/^[\x21-\x7e]{1,2048}$/.test(value)) {
    throw refused(`the ${type} name must be 1 to 2048 visible ASCII characters`)
  }
  const bytes = Buffer.from(value, 'latin1')
  switch (type) {
    case 'dns':
      if (!isDnsName(value)) throw refused(`"${value}" is not a DNS name`)
      return encodeDer(0x82, bytes)
    case 'email':
      if (!/^[^@]+@[^@]+$/.test(value)) throw refused(`"${value}" is not an e-mail address`)
      return encodeDer(0x81, bytes)
    case 'uri':
      if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(value))
        throw refused(`"${value}" is not an absolute URI`)
      return encodeDer(0x86, bytes)
  }
}

/** Letters, digits, hyphens and underscores, 63 a label and 253 in all; `*` as the first label. */
function isDnsName(value: string): boolean {
  const labels = (value.startsWith('*.') ? value.slice(2) : value).split('.')
  return (
    value.length <= 253 && labels.every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label))
  )
}

function otherNameText(node: DerNode): string {
  readOid(childOf(node, 0))
  const value = childOf(childOf(node, 1, 0xa0), 0)
  return isTextTag(value.tag) ? decodeString(value.tag, value.content) : hex(value)
}

function latin1(node: DerNode): string {
  return Buffer.from(node.content).toString('latin1')
}

function hex(node: DerNode): string {
  return `#${Buffer.from(node.raw).toString('hex').toUpperCase()}`
}

function refused(what: string): PkiError {
  return new PkiError('pki/name-forbidden', `subject alternative name: ${what}`)
}
