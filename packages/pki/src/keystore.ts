import { parseCertificate } from './certificate.ts'
import { PkiError } from './errors.ts'
import { createKeystore, type Keystore, type KeystoreContent } from './keystore-entry.ts'
import { corruptFile, overLimit } from './keystore-faults.ts'
import { detectKeystoreKind, refusedKind } from './keystore-kind.ts'
import { keystoreLimits } from './keystore-limits.ts'
import { openPem } from './pem-keystore.ts'
import { openPkcs12, type Pkcs12ReadOptions } from './pkcs12-read.ts'

/** What is known about a file besides its bytes. */
export interface KeystoreReadOptions extends Pkcs12ReadOptions {
  /** Needed where the file is encrypted; of PKCS#12 without one, the empty password is tried. */
  readonly password?: string
  /** Only for the text of refusals; the content decides what a file is. */
  readonly fileName?: string
}

/**
 * Opens a keystore a person brings: PKCS#12, PEM in any order, or one DER certificate. Kinds that
 * are not read (JKS, JCEKS, BCFKS, PKCS#7) are `pki/keystore-format`, with the line that converts them.
 *
 * @example
 * const keystore = await readKeystore(bytes, { password, fileName: 'partner.pfx' })
 */
export async function readKeystore(
  bytes: Uint8Array,
  options: KeystoreReadOptions = {},
): Promise<Keystore> {
  return createKeystore(await openKeystore(bytes, options))
}

/** What the file holds, before keys and certificates are matched. */
export async function openKeystore(
  bytes: Uint8Array,
  options: KeystoreReadOptions = {},
): Promise<KeystoreContent> {
  if (bytes.length > keystoreLimits.fileBytesMax) {
    throw overLimit(`it has more than ${keystoreLimits.fileBytesMax} bytes`)
  }
  const kind = detectKeystoreKind(bytes)
  switch (kind) {
    case 'pkcs12':
      return openPkcs12WithOrWithoutPassword(bytes, options)
    case 'pem':
      return openPem(bytes, options.password)
    case 'der':
      return openDer(bytes)
    default:
      throw refusedKind(kind, options.fileName ?? 'FILE')
  }
}

async function openPkcs12WithOrWithoutPassword(
  bytes: Uint8Array,
  options: KeystoreReadOptions,
): Promise<KeystoreContent> {
  try {
    return await openPkcs12(bytes, options.password ?? '', options)
  } catch (error) {
    const closed = error instanceof PkiError && error.code === 'pki/keystore-password'
    if (!closed || options.password !== undefined) throw error
    throw new PkiError(error.code, 'the file is protected: give its password', { cause: error })
  }
}

function openDer(bytes: Uint8Array): KeystoreContent {
  try {
    const certificate = parseCertificate(bytes)
    return {
      format: 'der',
      keys: [],
      certificates: [{ certificate, alias: null, localKeyId: null }],
      encryption: { certificates: 'none', key: 'none', mac: null, iterations: null, legacy: false },
      warnings: [],
    }
  } catch (error) {
    throw error instanceof PkiError ? corruptFile(error.message, error) : error
  }
}
