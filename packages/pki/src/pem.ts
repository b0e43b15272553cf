import { PkiError } from './errors.ts'

/** One block of PEM text (RFC 7468). */
export interface PemBlock {
  readonly label: string
  readonly der: Uint8Array
}

/** Text of a PEM file we read: 1 MiB of DER in base64, with room for comments. */
export const pemCharactersMax = 2 * 1024 * 1024
const blocksMax = 1000

const block = /-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*)-----END ([A-Z0-9 ]{1,64})-----/g

/**
 * All blocks in the order of the text, text around them ignored, as every tool writes comments
 * there. Throws `pki/malformed-pem` for a block that does not end, is not base64 or holds headers
 * (old encrypted keys): those are never silently left out. Text without any block gives `[]`.
 */
export function decodePem(text: string, charactersMax = pemCharactersMax): PemBlock[] {
  if (text.length > charactersMax) throw malformed(`more than ${charactersMax} characters`)
  const blocks: PemBlock[] = []
  for (const [, label = '', body = '', endLabel = ''] of text.matchAll(block)) {
    if (label !== endLabel) throw malformed(`BEGIN ${label} ends as ${endLabel}`)
    blocks.push({ label, der: decodeBody(label, body) })
    if (blocks.length > blocksMax) throw malformed(`more than ${blocksMax} blocks`)
  }
  const begins = text.split('-----BEGIN ').length - 1
  if (begins !== blocks.length) throw malformed('a block has no matching END line')
  return blocks
}

/** One block with lines of 64 characters and a line end after the last (RFC 7468 section 2). */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function decodeBody(label: string, body: string): Uint8Array {
  const base64 = body.replaceAll(/\s+/g, '')
  if (base64.includes(':')) throw malformed(`${label} is encrypted in the old way of OpenSSL`)
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0 || base64 === '') {
    throw malformed(`${label} is not base64`)
  }
  return Uint8Array.from(Buffer.from(base64, 'base64'))
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-pem', `not usable PEM text: ${what}`)
}
