import {
  type Certificate,
  encodePem,
  formatName,
  PkiError,
  parseCertificates,
  readKeystore,
} from '@twinlatch/pki'
import type { CertificateEntry } from './certificate-entry.ts'
import { DestinationsError } from './errors.ts'
import { certificateFormatOf } from './names.ts'

/** One key of a certificate entry, without anything private (destination-service.md section 8.4). */
export interface PublicKey {
  readonly Alias?: string
  /** PEM, leaf first. */
  readonly Content: string
  readonly SubjectDN: string
}

/** The public keys of `entry`; a keystore that only its password opens is refused. */
export async function readPublicKeys(entry: CertificateEntry): Promise<PublicKey[]> {
  if (certificateFormatOf(entry.name) !== 'pkcs12') {
    const certificates = parseCertificates(entry.content)
    return certificates.length === 0 ? [] : [publicKeyOf(certificates)]
  }
  try {
    const keystore = await readKeystore(entry.content, { fileName: entry.name })
    return keystore.entries.map(({ chain, alias }) => ({
      ...(alias === null ? {} : { Alias: alias }),
      ...publicKeyOf(chain),
    }))
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw new DestinationsError(
      'destinations/protected-keystore',
      'The keystore is password-protected and public keys cannot be retrieved',
      { cause: error },
    )
  }
}

function publicKeyOf(chain: readonly Certificate[]): PublicKey {
  const [leaf] = chain
  if (!leaf) throw new TypeError('a chain begins with its leaf')
  return {
    Content: chain.map(({ raw }) => encodePem('CERTIFICATE', raw)).join(''),
    SubjectDN: formatName(leaf.subject),
  }
}
