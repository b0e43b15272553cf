import { hasControlCharacters } from '@twinlatch/pki'
import type { PeerIdentity } from './identity.ts'

/**
 * Where the certificate holds a C0 control character or DEL, or `null`. Such a client is refused:
 * a CR, LF or NUL in a name is meant for whoever copies that name into a header, a log or a C
 * string (gateway.md section 7.2).
 */
export function controlCharacterPlace(identity: PeerIdentity): string | null {
  const { subject, issuer, subjectAltNames } = identity.certificate
  if (hasControlCharacters(subject)) return 'subject'
  if (hasControlCharacters(issuer)) return 'issuer'
  const name = subjectAltNames.find(
    ({ type, value }) => type !== 'ip' && type !== 'directory' && holdsControlCharacter(value),
  )
  return name ? `${name.type} subject alternative name` : null
}

/** Whether `text` holds a character below 20 hex, or DEL. */
export function holdsControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (isControl(text.charCodeAt(index))) return true
  }
  return false
}

/**
 * `text` as one line that a terminal prints and does not obey: C0, DEL and C1 controls and the
 * bidirectional overrides become `\xNN` or `\u{NNNN}`. For everything a peer could choose.
 */
export function printable(text: string): string {
  let shown = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (isControl(code) || (code >= 0x80 && code < 0xa0)) {
      shown += `\\x${code.toString(16).padStart(2, '0')}`
    } else if (reordersText(code)) {
      shown += `\\u{${code.toString(16)}}`
    } else {
      shown += character
    }
  }
  return shown
}

function isControl(code: number): boolean {
  return code < 0x20 || code === 0x7f
}

function reordersText(code: number): boolean {
  return (
    code === 0x061c ||
    (code >= 0x200e && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  )
}
