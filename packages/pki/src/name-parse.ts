import { readDer } from './der.ts'
import { PkiError } from './errors.ts'
import { attributeFromValue, type Name, nameLimits } from './name.ts'
import {
  attributeTypeOid,
  type EncodedAttribute,
  encodeAttributeValue,
  nameFromValues,
} from './name-build.ts'
import { splitComma, splitSlash, type TypedAttribute } from './name-split.ts'

/** A name that was typed or pasted, with what its spelling gave away. */
export interface ParsedName {
  readonly name: Name
  readonly spelling: 'rfc2253' | 'openssl' | 'slash' | 'node'
  /** Sentences for the person who typed it; the name is usable all the same. */
  readonly warnings: readonly string[]
}

export interface ParseNameOptions {
  /**
   * How comma-separated text is read: `rfc` (default) is the reverse of the certificate, `der` its
   * order, as `openssl x509 -subject` prints it. The text itself cannot tell (pki.md section 2.2).
   */
  readonly order?: 'rfc' | 'der'
}

/**
 * Reads a name in any of the five spellings of console-and-cli.md section 7. Throws
 * `pki/malformed-name` for text that could be read in two ways or in none. The empty text is the
 * empty name. String types of the result are our own (pki.md section 2.5): compare it with a
 * certificate's name by `equalNames`, never by its bytes.
 */
export function parseDistinguishedName(text: string, options: ParseNameOptions = {}): ParsedName {
  if (text.length > nameLimits.textMax)
    throw malformed(`more than ${nameLimits.textMax} characters`)
  const pasted = text.replace(/^\s*(?:subject|issuer)\s*=\s*(?=[/A-Za-z0-9.]+\s*=)/i, '')
  const line = pasted.replace(/^\s+/, '').replace(/(?<![\r\n])[\r\n]+$/, '')
  const split = /^\/[A-Za-z0-9.-]+=/.test(line) ? splitSlash(line) : splitComma(line)
  if (split.rdns.length > nameLimits.rdnsMax) throw malformed('too many relative names')
  const inOrder = split.rdns.map((rdn) => rdn.map(encodeTyped))
  const { spelling } = split
  if (spelling === 'slash' || spelling === 'node') {
    return { name: nameFromValues(inOrder), spelling, warnings: split.warnings }
  }
  const certificateOrder = options.order === 'der' ? inOrder : inOrder.toReversed()
  const warnings = [...split.warnings, ...orderWarnings(inOrder, spelling, options.order ?? 'rfc')]
  return { name: nameFromValues(certificateOrder), spelling, warnings }
}

function encodeTyped({ type, value, hex }: TypedAttribute): EncodedAttribute {
  const oid = attributeTypeOid(type)
  if (!hex) return { oid, der: encodeAttributeValue(oid, value) }
  if (!/^([0-9A-Fa-f]{2})+$/.test(value)) throw malformed(`"#${value.slice(0, 40)}" is not hex`)
  try {
    const node = readDer(Buffer.from(value, 'hex'))
    // Octets that claim to be text and are none must fail here, not where the name is used.
    attributeFromValue(oid, node)
    return { oid, der: node.raw }
  } catch (cause) {
    throw new PkiError('pki/malformed-name', `"#${value.slice(0, 40)}" is not the DER of a value`, {
      cause,
    })
  }
}

function orderWarnings(
  rdns: readonly (readonly EncodedAttribute[])[],
  spelling: 'rfc2253' | 'openssl',
  order: 'rfc' | 'der',
): string[] {
  const first = rdns.at(0)?.[0]?.oid
  const last = rdns.at(-1)?.[0]?.oid
  const topFirst = isTop(first) && !isTop(last)
  if (order === 'der') {
    return isTop(last) && !isTop(first)
      ? [
          'the last part is a country or domain: read in certificate order as asked, yet it looks like RFC 2253 order',
        ]
      : []
  }
  if (topFirst) {
    return [
      'starts with a country or domain, so it may be in certificate order; it was read in RFC 2253 order',
    ]
  }
  return spelling === 'openssl'
    ? [
        'blanks around "=" are how openssl prints a name in certificate order; it was read in RFC 2253 order',
      ]
    : []
}

function isTop(oid: string | undefined): boolean {
  return oid === '2.5.4.6' || oid === '0.9.2342.19200300.100.1.25'
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-name', `not a usable distinguished name: ${what}`)
}
