import {
  decodePem,
  inspectPkcs12,
  PkiError,
  parseCertificate,
  parseCertificates,
  readKeystore,
} from '@twinlatch/pki'
import { DestinationsError } from './errors.ts'
import type { CertificateFormat } from './names.ts'

/** What a file may be refused for although it is whole: its password is not known here. */
const passedOver = new Set<string>(['pki/keystore-password', 'pki/keystore-no-key'])

/**
 * Refuses content that is not of the format its name says, is cut off or altered so that it cannot
 * be parsed, or uses algorithms that no reader of ours knows. Nothing is derived from a password,
 * so this is cheap whatever iteration count the file names (pki.md section 4.4).
 */
export async function assertCertificateStructure(
  name: string,
  format: CertificateFormat,
  content: Buffer,
): Promise<void> {
  try {
    switch (format) {
      case 'pkcs12':
        return await assertPkcs12(name, content)
      case 'pem':
        return await assertPem(name, content)
      case 'certificate':
        assertCertificates(content)
        return
    }
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw new DestinationsError('destinations/invalid-certificate', `${name}: ${error.message}`, {
      cause: error,
    })
  }
}

async function assertPkcs12(name: string, content: Buffer): Promise<void> {
  if (isPem(content)) {
    throw new PkiError('pki/keystore-format', 'the file is PEM text; name it .pem, or convert it')
  }
  // Not even the beginning of a PKCS#12 file: reading refuses it by the name of what it is.
  if (content[0] !== 0x30) await readKeystore(content, { fileName: name })
  const structure = inspectPkcs12(content)
  // pki.md section 4.4: without one, nobody would notice that a stored keystore was exchanged.
  if (structure.mac === null) {
    throw new PkiError('pki/keystore-format', 'the keystore has no MAC; export it again with one')
  }
}

async function assertPem(name: string, content: Buffer): Promise<void> {
  if (!isPem(content)) {
    throw new PkiError('pki/keystore-format', 'the file is not PEM text, although it is named .pem')
  }
  const blocks = decodePem(content.toString('latin1'))
  const certificates = blocks.filter((block) => block.label === 'CERTIFICATE')
  if (certificates.length === 0) {
    throw new PkiError('pki/keystore-format', 'the file holds no certificate')
  }
  for (const { der } of certificates) parseCertificate(der)
  if (blocks.length === certificates.length) return
  try {
    await readKeystore(content, { fileName: name })
  } catch (error) {
    if (!(error instanceof PkiError) || !passedOver.has(error.code)) throw error
  }
}

function assertCertificates(content: Buffer): void {
  const labels = isPem(content) ? decodePem(content.toString('latin1')).map((b) => b.label) : []
  if (labels.some((label) => label !== 'CERTIFICATE')) {
    throw new PkiError('pki/keystore-format', 'the file holds more than certificates; name it .pem')
  }
  if (parseCertificates(content).length === 0) {
    throw new PkiError('pki/keystore-format', 'the file holds no certificate')
  }
}

function isPem(content: Buffer): boolean {
  return content.includes('-----BEGIN ')
}
