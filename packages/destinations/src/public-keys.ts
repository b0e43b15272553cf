import {
  type Certificate,
  encodePem,
  formatName,
  PkiError,
  parseCertificates,
  readKeystore,
} from '@twinlatch/pki'
import type { z } from 'zod'
import type { CertificateEntry } from './certificate-entry.ts'
import { DestinationsError } from './errors.ts'
import type { publicKeyAnswer } from './http-answers.ts'
import { certificateFormatOf } from './names.ts'

/**
 * The public keys of `entry`: one for each private key of a keystore, else the certificates as one
 * entry. A PKCS#12 file that only its password opens is refused; the certificates of a PEM file
 * show also when its key is encrypted.
 */
export async function readPublicKeys(
  entry: CertificateEntry,
): Promise<z.infer<typeof publicKeyAnswer>[]> {
  const isPkcs12 = certificateFormatOf(entry.name) === 'pkcs12'
  try {
    const { entries } = await readKeystore(entry.content, { fileName: entry.name })
    if (entries.length > 0 || isPkcs12) {
      return entries.map(({ chain, alias }) => ({
        ...(alias === null ? {} : { Alias: alias }),
        ...publicKeyOf(chain),
      }))
    }
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    if (isPkcs12) throw refusal(error)
  }
  return [publicKeyOf(parseCertificates(entry.content))]
}

function refusal(cause: PkiError): DestinationsError {
  return cause.code === 'pki/keystore-password'
    ? new DestinationsError(
        'destinations/protected-keystore',
        'The keystore is password-protected and public keys cannot be retrieved',
        { cause },
      )
    : new DestinationsError('destinations/invalid-certificate', cause.message, { cause })
}

function publicKeyOf(chain: readonly Certificate[]): z.infer<typeof publicKeyAnswer> {
  const [leaf] = chain
  if (!leaf) throw new TypeError('there is no certificate')
  return {
    Content: chain.map(({ raw }) => encodePem('CERTIFICATE', raw)).join(''),
    SubjectDN: formatName(leaf.subject),
  }
}
