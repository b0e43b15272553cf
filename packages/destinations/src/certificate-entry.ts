import { z } from 'zod'
import { assertCertificateStructure } from './certificate-structure.ts'
import { DestinationsError } from './errors.ts'
import type { certificateAnswer } from './http-answers.ts'
import { destinationLimits } from './limits.ts'
import { certificateFormatOf } from './names.ts'

/** A keystore or trust store as it was uploaded. Its content may hold a private key. */
export interface CertificateEntry {
  readonly name: string
  readonly content: Buffer
}

/** Body of a call that stores a certificate: base64 of the file. */
export const certificateBody = z.strictObject({
  Name: z.string(),
  Content: z.string(),
  Type: z.literal('CERTIFICATE').optional(),
})

/**
 * The certificate in `json`, if it is one: the name's extension says the format, and the content is
 * of that format, whole, and of algorithms we read (destination-service.md section 8.1). Its
 * password is not known here, so nothing is decrypted.
 */
export async function parseCertificateEntry(json: unknown): Promise<CertificateEntry> {
  if (typeof json === 'object' && json !== null && 'Attributes' in json) {
    throw new DestinationsError(
      'destinations/unsupported',
      'generating certificates (Attributes) is not built yet; issue one with `twinlatch cert issue` and upload it',
    )
  }
  const parsed = certificateBody.safeParse(json)
  if (!parsed.success) throw invalid(parsed.error.issues.map(describeIssue).join('; '))
  const { Name: name, Content: text } = parsed.data
  const format = certificateFormatOf(name)
  const content = parseContent(text)
  await assertCertificateStructure(name, format, content)
  return { name, content }
}

/** The certificate as clients read it; keys begin with a capital (section 3.3). */
export function renderCertificate({
  name,
  content,
}: CertificateEntry): z.infer<typeof certificateAnswer> {
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
function parseContent(encoded: string): Buffer {
  const text = encoded.replaceAll(/[\r\n]/g, '')
  const content = Buffer.from(text, 'base64')
  if (content.length === 0 || content.toString('base64') !== text) {
    throw invalid('Content must be the base64 of the file')
  }
  if (content.length > destinationLimits.certificateFileBytesMax) {
    throw invalid(`the file has more than ${destinationLimits.certificateFileBytesMax} bytes`)
  }
  return content
}

// In our own words: those of the schema would repeat a foreign key, and whatever it holds.
function describeIssue({ code, path }: z.core.$ZodIssue): string {
  const [field] = path
  if (field === 'Type') return 'Type must be CERTIFICATE'
  if (field !== undefined) return `${String(field)} is missing or no text`
  return code === 'unrecognized_keys'
    ? 'a certificate has Name, Content and Type only'
    : 'a certificate is a JSON object with Name and Content'
}

function invalid(message: string): DestinationsError {
  return new DestinationsError('destinations/invalid-certificate', message)
}
