import type { DerNode } from './der.ts'
import { readOid } from './der-read.ts'
import { PkiError } from './errors.ts'
import { readBer } from './pkcs12-structure.ts'

/** What a file is, by its content and never by its name. */
export type KeystoreKind =
  | 'pkcs12'
  | 'pem'
  | 'der'
  | 'der-key'
  | 'jks'
  | 'jceks'
  | 'bcfks'
  | 'pkcs7'
  | 'unknown'

/** Words for each kind. */
export const keystoreKindNames: ReadonlyMap<KeystoreKind, string> = new Map([
  ['pkcs12', 'PKCS#12'],
  ['pem', 'PEM'],
  ['der', 'DER certificate'],
  ['der-key', 'DER private key'],
  ['jks', 'Java keystore (JKS)'],
  ['jceks', 'Java keystore (JCEKS)'],
  ['bcfks', 'Bouncy Castle keystore (BCFKS)'],
  ['pkcs7', 'PKCS#7 bundle'],
  ['unknown', 'unknown content'],
])

/** Kind of the file with these bytes; reads no more than its outline and derives nothing. */
export function detectKeystoreKind(bytes: Uint8Array): KeystoreKind {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  if (start === 'feedfeed') return 'jks'
  if (start === 'cececece') return 'jceks'
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.includes('-----BEGIN ')) return 'pem'
  if (bytes[0] !== 0x30) return 'unknown'
  return kindOfOutline(bytes) ?? kindByHeader(bytes)
}

/** Line that turns a file of a kind we do not read into one we do. */
export function conversionOf(kind: KeystoreKind, file: string): string | null {
  const quoted = shellWord(file)
  const target = shellWord(`${file.replace(/\.[^./]*$/, '')}.p12`)
  const keytool = `keytool -importkeystore -srckeystore ${quoted}`
  switch (kind) {
    case 'jks':
      return `${keytool} -srcstoretype JKS -destkeystore ${target} -deststoretype PKCS12`
    case 'jceks':
      return `${keytool} -srcstoretype JCEKS -destkeystore ${target} -deststoretype PKCS12`
    case 'bcfks':
      return `${keytool} -srcstoretype BCFKS -providerclass org.bouncycastle.jcajce.provider.BouncyCastleFipsProvider -providerpath bc-fips.jar -destkeystore ${target} -deststoretype PKCS12`
    case 'pkcs7':
      return `openssl pkcs7 -inform DER -in ${quoted} -print_certs -out ${target.replace(/p12('?)$/, 'pem$1')}`
    case 'der-key':
      return `openssl pkey -inform DER -in ${quoted} -out ${target.replace(/p12('?)$/, 'pem$1')}`
    default:
      return null
  }
}

/** `pki/keystore-format` for a kind that is known but not read, with the line that converts it. */
export function refusedKind(kind: KeystoreKind, file: string): PkiError {
  const conversion = conversionOf(kind, file)
  const name = keystoreKindNames.get(kind)
  return new PkiError(
    'pki/keystore-format',
    conversion === null
      ? 'the file is neither PKCS#12, PEM nor a DER certificate; check that it is the file you mean'
      : `the file is a ${name}, which is not read here; convert it: ${conversion}`,
  )
}

/** `file` as one word of a shell command. */
export function shellWord(file: string): string {
  return /^[\w./@%+=:-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`
}

function kindOfOutline(bytes: Uint8Array): KeystoreKind | null {
  let root: DerNode
  let type: string | null
  try {
    root = readBer(bytes)
    type = root.children[0]?.tag === 0x06 ? readOid(root.children[0]) : null
  } catch {
    return null
  }
  const [first, second] = root.children
  if (first?.tag === 0x02) return kindByVersion(first, second)
  if (type !== null) return type.startsWith('1.2.840.113549.1.7.') ? 'pkcs7' : 'unknown'
  const inner = first?.children[0]
  // A certificate begins with its version or serial; the store of Bouncy Castle with the algorithm
  // that encrypts it; an encrypted key with the number of that algorithm.
  if (inner?.tag === 0xa0 || inner?.tag === 0x02) return 'der'
  if (inner?.tag === 0x06) return 'der-key'
  return inner?.tag === 0x30 ? 'bcfks' : 'unknown'
}

function kindByVersion(version: DerNode, second: DerNode | undefined): KeystoreKind {
  if (version.content.length === 1 && version.content[0] === 3) return 'pkcs12'
  return second?.tag === 0x30 || second?.tag === 0x02 || second?.tag === 0x04
    ? 'der-key'
    : 'unknown'
}

// A file that is cut off has no readable outline, but its first bytes still tell what it was.
function kindByHeader(bytes: Uint8Array): KeystoreKind {
  const head = Buffer.from(bytes.subarray(1, 12)).toString('hex')
  const afterLength = /^(?:8[0-4]|[0-7].)/.test(head)
    ? head.slice(head.startsWith('8') ? 2 + 2 * Number.parseInt(head.slice(1, 2), 16) : 2)
    : ''
  if (afterLength.startsWith('020103')) return 'pkcs12'
  return /^30(8|[0-7])/.test(afterLength) ? 'der' : 'unknown'
}
