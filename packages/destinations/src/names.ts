import { DestinationsError } from './errors.ts'

/**
 * Names of destinations and certificates: 1 to 200 of `A-Z a-z 0-9 . _ ~ -`, not `.` or `..`
 * (destination-service.md section 12.12). They travel unencoded in paths, because the SAP Cloud
 * SDK does not encode them.
 */
export function isItemName(name: string): boolean {
  return /^[A-Za-z0-9._~-]{1,200}$/.test(name) && name !== '.' && name !== '..'
}

/** What a certificate entry holds; the extension of its name decides (section 8.1). */
export type CertificateFormat = 'pkcs12' | 'pem' | 'certificate'

const formats = new Map<string, CertificateFormat>([
  ['p12', 'pkcs12'],
  ['pfx', 'pkcs12'],
  ['pem', 'pem'],
  ['cer', 'certificate'],
  ['crt', 'certificate'],
])

/** Java formats, whose reader is not built. */
const javaExtensions = new Set(['jks', 'keystore', 'jceks', 'bcfks'])

/**
 * The format that the extension of `name` says, in lower case only: clients look at it
 * case-sensitively. Java's formats are refused by name, with the way out.
 */
export function certificateFormatOf(name: string): CertificateFormat {
  if (!isItemName(name)) {
    throw new DestinationsError(
      'destinations/invalid-certificate',
      'Name must be 1 to 200 letters, digits, ".", "_", "~" or "-"',
    )
  }
  const extension = /\.([^.]*)$/.exec(name)?.[1] ?? ''
  if (javaExtensions.has(extension.toLowerCase())) {
    throw new DestinationsError(
      'destinations/unsupported',
      `certificates of type .${extension} are not built yet; convert with: keytool -importkeystore -srckeystore ${name} -destkeystore ${name.slice(0, -extension.length)}p12 -deststoretype PKCS12`,
    )
  }
  const format = formats.get(extension)
  if (!format) {
    const listed = [...formats.keys()].map((known) => `.${known}`).join(', ')
    throw new DestinationsError(
      'destinations/invalid-certificate',
      `Name must end with one of ${listed} in lower case`,
    )
  }
  return format
}
