import { isTextTag } from './asn1-string.ts'
import { attributeOid, envoyAttributeName, opensslAttributeName } from './attribute-types.ts'
import type { Attribute, Name } from './name.ts'

/** Ways in which tools print one and the same name (console-and-cli.md section 7). */
export type NameSpelling = 'rfc2253' | 'openssl' | 'slash' | 'node' | 'java'

/**
 * Text of a name. `rfc2253` (default) is, octet for octet, what Envoy puts into header values
 * (gateway.md section 8.1), the one form we show and store; `openssl` is what OpenSSL 3.0 prints
 * for `-subject`, `slash` its `-nameopt compat`, `node` the text of Node's `X509Certificate`, `java`
 * that of Java's `X500Principal.toString()`.
 */
export function formatName(name: Name, spelling: NameSpelling = 'rfc2253'): string {
  switch (spelling) {
    case 'rfc2253':
      return name.rdns
        .toReversed()
        .map((rdn) => rdn.toReversed().map(formatAttribute).join('+'))
        .join(',')
    case 'openssl':
      return joined(name, ', ', opensslAttribute)
    case 'node':
      return joined(name, '\n', nodeAttribute)
    case 'slash':
      return name.rdns.map((rdn) => `/${rdn.map(slashAttribute).join('+')}`).join('')
    case 'java':
      return joined({ ...name, rdns: name.rdns.toReversed() }, ', ', javaAttribute)
  }
}

/** One attribute as `type=value` in the `rfc2253` spelling: the text that rule matching compares. */
export function formatAttribute(attribute: Attribute): string {
  const type = envoyAttributeName(attribute.oid)
  if (type === undefined || !isText(attribute)) return `${type ?? attribute.oid}=${hex(attribute)}`
  return `${type}=${escapeRfc2253(attribute.value)}`
}

/**
 * A value with the escapes of RFC 2253 as OpenSSL writes them: `\` before a special character,
 * `\XX` for each UTF-8 octet that is a control character or not ASCII.
 */
function escapeRfc2253(value: string): string {
  return escapeSpecial(value).replaceAll(/[^ -~]+/g, escapeOctets)
}

function escapeSpecial(value: string): string {
  return value.replaceAll(/[,+"\\<>;]|^[ #]| $/g, String.raw`\$&`)
}

function escapeOctets(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex').toUpperCase().replaceAll(/../g, String.raw`\$&`)
}

function joined(name: Name, separator: string, print: (attribute: Attribute) => string): string {
  return name.rdns.map((rdn) => rdn.map(print).join(' + ')).join(separator)
}

function opensslAttribute(attribute: Attribute): string {
  const type = opensslAttributeName(attribute.oid) ?? attribute.oid
  if (!isText(attribute)) return `${type} = ${hex(attribute)}`
  // Quotes take the place of backslashes, except before a quote or a backslash itself.
  const quoted = /[,+<>;]|^[ #]| $/.test(attribute.value)
  const value = attribute.value
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll(/[^ -~]+/g, escapeOctets)
  return `${type} = ${quoted ? `"${value}"` : value}`
}

function nodeAttribute(attribute: Attribute): string {
  const type = opensslAttributeName(attribute.oid) ?? attribute.oid
  const value = isText(attribute) ? attribute.value : latin1Content(attribute)
  return `${type}=${escapeSpecial(value).replaceAll(/[^ -~\u0080-\uffff]/g, escapeOctets)}`
}

function slashAttribute(attribute: Attribute): string {
  const type = opensslAttributeName(attribute.oid) ?? attribute.oid
  const value = latin1Content(attribute).replaceAll(/[/+]|[^ -~]/g, (character) =>
    /[/+]/.test(character)
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
  return `${type}=${value}`
}

const javaKeywords = new Map<string, string>([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SURNAME'],
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'T'],
  ['2.5.4.42', 'GIVENNAME'],
  ['2.5.4.43', 'INITIALS'],
  ['2.5.4.44', 'GENERATION'],
  ['2.5.4.46', 'DNQ'],
  [attributeOid.domainComponent, 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  [attributeOid.emailAddress, 'EMAILADDRESS'],
  ['1.3.6.1.4.1.42.2.11.2.1', 'IP'],
])

function javaAttribute(attribute: Attribute): string {
  const type = javaKeywords.get(attribute.oid) ?? `OID.${attribute.oid}`
  if (!isText(attribute)) return `${type}=${hex(attribute).toLowerCase()}`
  const { value } = attribute
  const quoted = /[,+=\n<>#;\\"]|^ | $|[ \n]{2}/.test(value)
  const escaped = value.replaceAll(/["\\]/g, String.raw`\$&`)
  return `${type}=${quoted ? `"${escaped}"` : escaped}`
}

function isText(attribute: Attribute): boolean {
  return isTextTag(attribute.der[0] ?? 0)
}

function hex(attribute: Attribute): string {
  return `#${Buffer.from(attribute.der).toString('hex').toUpperCase()}`
}

/** Content octets one by one, whatever the string type: what OpenSSL's oldest printer shows. */
function latin1Content(attribute: Attribute): string {
  const long = attribute.der[1] ?? 0
  // OpenSSL keeps a bit string without its count of unused bits.
  const unusedBits = attribute.der[0] === 0x03 ? 1 : 0
  const header = 2 + (long >= 0x80 ? long & 0x7f : 0) + unusedBits
  return Buffer.from(attribute.der.subarray(header)).toString('latin1')
}
