import type { KeystoreContent } from './keystore-entry.ts'
import type { Pkcs12Structure, Protection } from './pkcs12-inspect.ts'

/** `PKCS#12, certificates RC2-40-CBC, key 3DES, MAC SHA-1 (2 048 rounds)`. */
export function describeContent(content: KeystoreContent): string {
  const { certificates, key, mac, iterations } = content.encryption
  if (content.format === 'der') return 'DER certificate'
  if (content.format === 'pem') return describePem(content)
  const integrity = mac === null ? 'no MAC' : `MAC ${mac}${rounds(iterations)}`
  return [
    'PKCS#12',
    content.certificates.length > 0
      ? `certificates ${protection(certificates)}`
      : 'no certificates',
    content.keys.length > 0 ? `key ${protection(key)}` : 'no key',
    integrity,
  ].join(', ')
}

/** The same for a file that is still closed: what is in its encrypted parts is not known. */
export function describeStructure(structure: Pkcs12Structure): string {
  const bags = structure.parts.flatMap((part) => part.bags ?? [])
  const closed = structure.parts.flatMap((part) => part.encryption ?? [])
  const keys = bags.flatMap((bag) => bag.encryption ?? [])
  const words = ['PKCS#12']
  // Every known writer keeps keys in the open part, each shrouded on its own.
  if (closed.length > 0)
    words.push(`${keys.length > 0 ? 'certificates' : 'content'} ${names(closed)}`)
  if (keys.length > 0) words.push(`key ${names(keys)}`)
  if (bags.some((bag) => bag.kind === 'key')) words.push('key not encrypted')
  const { mac } = structure
  words.push(mac ? `MAC ${mac.name}${rounds(mac.iterations)}` : 'no MAC')
  return words.join(', ')
}

/**
 * Foreign text made safe to print: control and formatting characters, which could move a terminal's
 * cursor or reverse what is read, become `\u{...}`; no longer than 200 characters.
 */
export function printable(text: string): string {
  const safe = text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
  return safe.length > 200 ? `${safe.slice(0, 200)}…` : safe
}

function describePem({ keys, certificates, encryption }: KeystoreContent): string {
  const count = certificates.length
  const words = [`PEM, ${count} certificate${count === 1 ? '' : 's'}`]
  if (keys.length > 0) {
    words.push(`key ${protection(encryption.key)}${rounds(encryption.iterations)}`)
  }
  return words.join(', ')
}

function protection(name: string): string {
  return name === 'none' ? 'not encrypted' : name
}

function names(protections: readonly Protection[]): string {
  return [...new Set(protections.map(({ name }) => name))].join(' and ')
}

function rounds(count: number | null): string {
  return count === null ? '' : ` (${`${count}`.replaceAll(/\B(?=(\d{3})+$)/g, ' ')} rounds)`
}
