import { attributeOidOf } from './attribute-types.ts'
import { PkiError } from './errors.ts'
import { isOid } from './oid.ts'

/** One `type=value` of typed text, unescaped; with `hex` the value is the DER in hex. */
export interface TypedAttribute {
  readonly type: string
  readonly value: string
  readonly hex: boolean
}

/** Text cut into relative names, in the order of the text. */
export interface SplitName {
  readonly rdns: readonly (readonly TypedAttribute[])[]
  readonly spelling: 'rfc2253' | 'openssl' | 'slash' | 'node'
  readonly warnings: readonly string[]
}

const specials = new Set([',', '+', '"', '\\', '<', '>', ';', ' ', '#', '='])
const unescapedForbidden = new Set(['"', '<', '>', '\0'])
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

interface Scanner {
  readonly text: string
  /** Characters that end a relative name. */
  readonly separators: ReadonlySet<string>
  position: number
  blankBeforeEquals: boolean
}

/**
 * Cuts RFC 2253/4514 text, its cousins with blanks and quotes (OpenSSL, Java), and lines as Node
 * prints them. Throws `pki/malformed-name` where a character would need an escape it does not have.
 */
export function splitComma(text: string): SplitName {
  const lines = text.includes('\n')
  const separators = new Set(lines ? ['\n'] : [',', ';'])
  const scanner: Scanner = { text, separators, position: 0, blankBeforeEquals: false }
  const rdns: TypedAttribute[][] = []
  if (text.trim() === '') return { rdns, spelling: 'rfc2253', warnings: [] }
  let separator: string | undefined
  do {
    const attribute = scanAttribute(scanner)
    if (separator === '+') rdns.at(-1)?.push(attribute)
    else rdns.push([attribute])
    separator = text[scanner.position]
    scanner.position += 1
  } while (separator !== undefined)
  const spelling = lines ? 'node' : scanner.blankBeforeEquals ? 'openssl' : 'rfc2253'
  return { rdns, spelling, warnings: [] }
}

/**
 * Cuts the form `/C=DE/O=Acme`. It has no complete escaping: a value that holds `/type=` or
 * `+type=` could be read in two ways and is refused (pki.md section 2.3).
 */
export function splitSlash(text: string): SplitName {
  const rdns: TypedAttribute[][] = []
  const warnings: string[] = []
  // A cut is a `/` or `+` that no `\` precedes and that an attribute type follows.
  const pieces = text.split(/(?<!\\)(?=[/+][A-Za-z0-9.-]+=)/)
  for (const piece of pieces) {
    const equals = piece.indexOf('=')
    const type = piece.slice(1, equals).trim()
    const value = unescapeSlash(piece.slice(equals + 1))
    const hidden = /[/+]([A-Za-z0-9.-]+)=/.exec(value)
    if (hidden !== null) throw malformed(`a value holds "${hidden[0]}", so it has two readings`)
    if (/(?<!\\)\//.test(piece.slice(equals + 1))) {
      warnings.push(`the value of ${type} holds a "/" that newer tools would escape`)
    }
    if (piece.startsWith('+') && isType(type)) rdns.at(-1)?.push({ type, value, hex: false })
    else if (piece.startsWith('/')) rdns.push([{ type, value, hex: false }])
    else throw malformed(`"${piece.slice(0, 40)}" is no attribute`)
  }
  return { rdns, spelling: 'slash', warnings }
}

function scanAttribute(scanner: Scanner): TypedAttribute {
  const equals = scanner.text.indexOf('=', scanner.position)
  if (equals < 0) throw malformed(`no "=" after "${rest(scanner)}"`)
  const written = scanner.text.slice(scanner.position, equals)
  if (/\s$/.test(written)) scanner.blankBeforeEquals = true
  const type = written.trim()
  if (!/^[A-Za-z0-9.-]+$/.test(type)) throw malformed(`"${type.slice(0, 40)}" is no attribute type`)
  scanner.position = equals + 1
  skipBlanks(scanner)
  const first = scanner.text[scanner.position]
  if (first === '"') return { type, value: scanQuoted(scanner), hex: false }
  if (first !== '#') return { type, value: scanPlain(scanner), hex: false }
  scanner.position += 1
  return { type, value: scanPlain(scanner), hex: true }
}

function scanPlain(scanner: Scanner): string {
  const { text, separators } = scanner
  let value = ''
  // Blanks count only when something follows them: unescaped ones at the end belong to the comma.
  let kept = 0
  for (let next = text[scanner.position]; next !== undefined; next = text[scanner.position]) {
    if (separators.has(next) || next === '+') break
    if (unescapedForbidden.has(next) || next === ',' || next === ';') {
      throw malformed(`"${next}" before "${rest(scanner, 1)}" needs a backslash`)
    }
    if (next === '\\') {
      value += scanEscape(scanner)
      kept = value.length
      continue
    }
    value += next
    scanner.position += 1
    if (next !== ' ' && next !== '\r') kept = value.length
  }
  return value.slice(0, kept)
}

function scanQuoted(scanner: Scanner): string {
  let value = ''
  scanner.position += 1
  for (;;) {
    const next = scanner.text[scanner.position]
    if (next === undefined) throw malformed('a quoted value has no end')
    if (next === '"') break
    if (next === '\\') value += scanEscape(scanner)
    else {
      value += next
      scanner.position += 1
    }
  }
  scanner.position += 1
  skipBlanks(scanner)
  const end = scanner.text[scanner.position]
  if (end !== undefined && end !== '+' && !scanner.separators.has(end)) {
    throw malformed(`"${rest(scanner)}" follows a quoted value`)
  }
  return value
}

/** One `\` and the special character it hides, or a run of `\XX`, which are UTF-8 together. */
function scanEscape(scanner: Scanner): string {
  const octets = /(?:\\[0-9A-Fa-f]{2})+/y
  octets.lastIndex = scanner.position
  const run = octets.exec(scanner.text)?.[0]
  if (run !== undefined) {
    scanner.position += run.length
    return decodeOctets(run.replaceAll('\\', ''))
  }
  const hidden = scanner.text[scanner.position + 1]
  if (hidden === undefined || !specials.has(hidden)) {
    throw malformed(`"${rest(scanner)}" begins with an escape that does not exist`)
  }
  scanner.position += 2
  return hidden
}

function unescapeSlash(text: string): string {
  return text
    .replaceAll(/(?:\\x[0-9A-Fa-f]{2})+/g, (run) => decodeOctets(run.replaceAll('\\x', '')))
    .replaceAll(/\\([/+])/g, '$1')
}

function decodeOctets(hex: string): string {
  try {
    return utf8.decode(Buffer.from(hex, 'hex'))
  } catch (cause) {
    throw new PkiError('pki/malformed-name', `the escaped octets ${hex} are not UTF-8`, { cause })
  }
}

function isType(type: string): boolean {
  return isOid(type) || attributeOidOf(type) !== undefined
}

function skipBlanks(scanner: Scanner): void {
  while (/[ \r]/.test(scanner.text[scanner.position] ?? '')) scanner.position += 1
}

function rest(scanner: Scanner, skip = 0): string {
  return scanner.text.slice(scanner.position + skip, scanner.position + skip + 40)
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-name', `not a usable distinguished name: ${what}`)
}
