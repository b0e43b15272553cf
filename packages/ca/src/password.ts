import type { Secret } from '@twinlatch/kit'

/**
 * Shorter passwords fall to guessing offline: whoever has the file has unlimited tries. 128 is more
 * than any generator makes, and bounds the work of the key derivation.
 */
const lengthMin = 8
const lengthMax = 128

/**
 * What is wrong with the password of a file we are about to write, or nothing. Java refuses
 * everything outside printable ASCII, and says "keystore password was incorrect" when it does
 * (pki.md section 4.3), so such a file would be lost to half of its readers.
 */
export function passwordFault(password: Secret): string | null {
  const text = password.reveal()
  if (!/^[\x20-\x7e]*$/.test(text)) {
    return 'may hold only the characters U+0020 to U+007E: Java cannot open a PKCS#12 with any other and reports a wrong password'
  }
  if (text.length < lengthMin) {
    return `needs at least ${lengthMin} characters: whoever finds the file can guess without limit`
  }
  if (text.length > lengthMax) return `may have at most ${lengthMax} characters`
  return null
}
