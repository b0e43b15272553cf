import { assertCertificateStructure } from './certificate-structure.ts'
import { DestinationsError } from './errors.ts'
import { destinationLimits } from './limits.ts'
import { certificateFormatOf } from './names.ts'

/** A keystore or trust store as it was uploaded. Its content may hold a private key. */
export interface CertificateEntry {
  readonly name: string
  readonly content: Buffer
}

const fields = new Set(['Name', 'Content', 'Type'])

/**
 * The certificate in `json`, if it is one: the name's extension says the format, and the content is
 * of that format, whole, and of algorithms we read (destination-service.md section 8.1). Its
 * password is not known here, so nothing is decrypted.
 */
export async function parseCertificateEntry(json: unknown): Promise<CertificateEntry> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalid('a certificate is a JSON object with Name and Content')
  }
  const given = new Map<string, unknown>(Object.entries(json))
  if (given.has('Attributes')) {
    throw new DestinationsError(
      'destinations/unsupported',
      'generating certificates (Attributes) is not built yet; issue one with `twinlatch cert issue` and upload it',
    )
  }
  const unknown = [...given.keys()].filter((name) => !fields.has(name))
  if (unknown.length > 0) throw invalid(`a certificate has Name, Content and Type only`)
  const name = given.get('Name')
  if (typeof name !== 'string') throw invalid('Name is missing')
  const type = given.get('Type') ?? 'CERTIFICATE'
  if (type !== 'CERTIFICATE') throw invalid('Type must be CERTIFICATE')
  const format = certificateFormatOf(name)
  const content = parseContent(given.get('Content'))
  await assertCertificateStructure(name, format, content)
  return { name, content }
}

/** The certificate as clients read it; keys begin with a capital (section 3.3). */
export function renderCertificate({ name, content }: CertificateEntry): Record<string, string> {
  return { Name: name, Content: content.toString('base64'), Type: 'CERTIFICATE' }
}

/** The stored form of a certificate; `decodeCertificate` is its inverse. */
export function encodeCertificate({ content }: CertificateEntry): string {
  return content.toString('base64')
}

/** The certificate that `encodeCertificate` wrote. */
export function decodeCertificate(name: string, text: string): CertificateEntry {
  return { name, content: Buffer.from(text, 'base64') }
}

// RFC 4648 section 4. Line breaks are accepted: `base64` of most systems writes them.
function parseContent(value: unknown): Buffer {
  if (typeof value !== 'string') throw invalid('Content is missing')
  const text = value.replaceAll(/[\r\n]/g, '')
  const content = Buffer.from(text, 'base64')
  if (content.length === 0 || content.toString('base64') !== text) {
    throw invalid('Content must be the base64 of the file')
  }
  if (content.length > destinationLimits.certificateFileBytesMax) {
    throw invalid(`the file has more than ${destinationLimits.certificateFileBytesMax} bytes`)
  }
  return content
}

function invalid(message: string): DestinationsError {
  return new DestinationsError('destinations/invalid-certificate', message)
}
