import { PkiError } from './errors.ts'
import { overLimit } from './keystore-faults.ts'
import { keystoreLimits } from './keystore-limits.ts'
import { bmpPassword } from './pkcs12-kdf.ts'

/** One password in the two encodings that a PKCS#12 file mixes (pki.md section 4.3). */
export interface EncodedPassword {
  /** PBES2, PBMAC1: UTF-8 as given. */
  readonly utf8: Uint8Array
  /** PKCS#12 MAC and the old encryption: UTF-16BE and two zero bytes. */
  readonly bmp: Uint8Array
}

/**
 * Encodings to try when reading. The empty password has two: two zero bytes, or nothing at all;
 * every other has one.
 */
export function passwordEncodings(password: string): [EncodedPassword, ...EncodedPassword[]] {
  if (password.length > keystoreLimits.passwordCharactersMax) {
    throw overLimit(`a password has at most ${keystoreLimits.passwordCharactersMax} characters`)
  }
  const encoded = { utf8: Buffer.from(password, 'utf8'), bmp: bmpPassword(password) }
  return password === '' ? [encoded, { utf8: encoded.utf8, bmp: new Uint8Array() }] : [encoded]
}

/**
 * Refuses a password that files written by us may not have: Java opens no file whose password has
 * characters outside printable ASCII, and says "incorrect" instead of why (pki.md section 4.3).
 */
export function checkPasswordForWriting(password: string): void {
  const fault = passwordFault(password)
  if (fault) throw new PkiError('pki/keystore-password-unsuitable', fault)
}

function passwordFault(password: string): string | undefined {
  if (password.length < 8 || password.length > 128) {
    return `the keystore password has ${password.length} characters; 8 to 128 are needed`
  }
  if (!/^[\x20-\x7e]*$/.test(password)) {
    return 'the keystore password has characters outside printable ASCII, which Java cannot open; use letters, digits, blanks and punctuation of a US keyboard'
  }
  return undefined
}
