import { PkiError } from './errors.ts'

/** ASN.1 string types a name may hold; `other` for every type that is none of them. */
export type StringTag =
  | 'utf8'
  | 'printable'
  | 'ia5'
  | 'teletex'
  | 'bmp'
  | 'universal'
  | 'numeric'
  | 'other'

const stringTags = new Map<number, StringTag>([
  [0x0c, 'utf8'],
  [0x12, 'numeric'],
  [0x13, 'printable'],
  [0x14, 'teletex'],
  [0x16, 'ia5'],
  [0x1c, 'universal'],
  [0x1e, 'bmp'],
])

// UTCTime, GeneralizedTime and VisibleString: no types of a name, yet printed as text when met.
const textLikeTags = new Set([0x17, 0x18, 0x1a])

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function stringTagOf(tag: number): StringTag {
  return stringTags.get(tag) ?? 'other'
}

/** True when a value of this identifier octet is printed as text and not as hex of its DER. */
export function isTextTag(tag: number): boolean {
  return stringTags.has(tag) || textLikeTags.has(tag)
}

/**
 * Text of a character string, as OpenSSL converts it (gateway.md section 8.1): one octet is one
 * Latin-1 character in the old types, BMP is UCS-2, Universal UCS-4. Throws `pki/malformed-name`
 * for octets that are no text: broken UTF-8, a surrogate, a number beyond Unicode, half a character.
 */
export function decodeString(tag: number, content: Uint8Array): string {
  switch (tag) {
    case 0x0c:
      return decodeUtf8(content)
    case 0x1e:
      return decodeUnits(content, 2)
    case 0x1c:
      return decodeUnits(content, 4)
    default:
      return Buffer.from(content).toString('latin1')
  }
}

function decodeUtf8(content: Uint8Array): string {
  try {
    return utf8.decode(content)
  } catch (cause) {
    throw new PkiError('pki/malformed-name', 'a UTF8String is not valid UTF-8', { cause })
  }
}

function decodeUnits(content: Uint8Array, width: 2 | 4): string {
  if (content.length % width !== 0) {
    throw new PkiError('pki/malformed-name', 'a wide string ends inside a character')
  }
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let text = ''
  for (let offset = 0; offset < content.length; offset += width) {
    const point = width === 2 ? view.getUint16(offset) : view.getUint32(offset)
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw new PkiError('pki/malformed-name', 'a wide string holds a number that is no character')
    }
    text += String.fromCodePoint(point)
  }
  return text
}
