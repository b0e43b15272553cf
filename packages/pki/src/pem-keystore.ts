import type { KeyObject } from 'node:crypto'
import { parseCertificate } from './certificate.ts'
import { readDer } from './der.ts'
import { PkiError } from './errors.ts'
import { type FoundCertificate, type FoundKey, parsePrivateKey } from './keystore-content.ts'
import type { KeystoreContent } from './keystore-entry.ts'
import {
  asKeystoreFault,
  corruptFile,
  overLimit,
  unsupportedAlgorithm,
  wrongPassword,
} from './keystore-faults.ts'
import { keystoreLimits } from './keystore-limits.ts'
import { passwordEncodings } from './keystore-password.ts'
import { decodePem, type PemBlock } from './pem.ts'
import { parseShroudedKey } from './pkcs12-bags.ts'
import { Pkcs12Tally } from './pkcs12-tally.ts'

interface KeyInPem {
  readonly privateKey: KeyObject
  /** Null for a key in the open. */
  readonly encryption: { name: string; iterations: number; legacy: boolean } | null
}

// Labels beside keys and certificates that are common and mean nothing here.
const passedOver: ReadonlySet<string> = new Set([
  'EC PARAMETERS',
  'DH PARAMETERS',
  'PUBLIC KEY',
  'CERTIFICATE REQUEST',
  'NEW CERTIFICATE REQUEST',
  'X509 CRL',
])

const refusedLabels: ReadonlyMap<string, string> = new Map([
  ['PKCS7', 'extract its certificates: openssl pkcs7 -print_certs'],
  ['CMS', 'extract its certificates: openssl cms -cmsout -print'],
  ['TRUSTED CERTIFICATE', 'write it as plain certificate: openssl x509 -in FILE -out FILE'],
  ['OPENSSH PRIVATE KEY', 'TLS needs PKCS#8: ssh-keygen -p -m PKCS8 -f FILE'],
  ['DSA PRIVATE KEY', 'use an RSA, EC or Ed25519 key'],
])

/**
 * Keys and certificates of PEM text in any order, text around the blocks ignored (RFC 7468).
 * Encrypted PKCS#8 keys are opened with `password`, under the same limits as PKCS#12; the
 * encryption that OpenSSL used before (`Proc-Type: 4,ENCRYPTED`) is refused by name. `skipKeys` reads
 * the certificates only, which nothing protects.
 */
export async function openPem(
  bytes: Uint8Array,
  password: string | undefined,
  options: { skipKeys?: boolean } = {},
): Promise<KeystoreContent> {
  try {
    const blocks = blocksOf(bytes)
    const keys: KeyInPem[] = []
    const tally = new Pkcs12Tally()
    for (const block of options.skipKeys ? [] : blocks) {
      const key = await parseKeyBlock(block, password, tally)
      if (key && keys.push(key) > keystoreLimits.pemKeysMax) {
        throw overLimit(`it has more than ${keystoreLimits.pemKeysMax} private keys`)
      }
    }
    const encryptions = keys.flatMap(({ encryption }) => encryption ?? [])
    const ignored = new Set(
      blocks.map(({ label }) => label).filter((label) => passedOver.has(label)),
    )
    return {
      format: 'pem',
      keys: keys.map(({ privateKey }): FoundKey => ({ privateKey, alias: null, localKeyId: null })),
      certificates: blocks.filter(isCertificateBlock).map(certificateOf),
      encryption: {
        certificates: 'none',
        key:
          [...new Set(keys.map(({ encryption }) => encryption?.name ?? 'none'))].join(' and ') ||
          'none',
        mac: null,
        iterations:
          encryptions.length > 0 ? Math.max(...encryptions.map((one) => one.iterations)) : null,
        legacy: encryptions.some((one) => one.legacy),
      },
      warnings: [...ignored].map((label) => `the file also holds ${label}, which is not used`),
    }
  } catch (error) {
    throw asKeystoreFault(error)
  }
}

function blocksOf(bytes: Uint8Array): PemBlock[] {
  if (bytes.length > keystoreLimits.fileBytesMax) {
    throw overLimit(`it has more than ${keystoreLimits.fileBytesMax} bytes`)
  }
  // PEM itself is ASCII; what tools write around it may be in any encoding.
  const text = Buffer.from(bytes).toString('latin1')
  if (/^Proc-Type: *4, *ENCRYPTED/m.test(text)) {
    throw unsupportedAlgorithm(
      'a private key in the old encryption of OpenSSL (Proc-Type: 4,ENCRYPTED)',
      'encrypt it anew: openssl pkey -in FILE -aes256 -out FILE.new',
    )
  }
  const blocks = decode(text)
  const refused = blocks.find(({ label }) => refusedLabels.has(label))
  if (refused) {
    throw unsupportedAlgorithm(
      `a block "${refused.label}"`,
      refusedLabels.get(refused.label) ?? 'convert it',
    )
  }
  if (blocks.length === 0) throw corruptFile('its first block has no end')
  if (blocks.length > keystoreLimits.pemBlocksMax) {
    throw overLimit(`it has more than ${keystoreLimits.pemBlocksMax} blocks`)
  }
  return blocks
}

function decode(text: string): PemBlock[] {
  try {
    return decodePem(text)
  } catch (error) {
    throw error instanceof PkiError ? corruptFile(error.message, error) : error
  }
}

async function parseKeyBlock(
  { label, der }: PemBlock,
  password: string | undefined,
  tally: Pkcs12Tally,
): Promise<KeyInPem | undefined> {
  switch (label) {
    case 'PRIVATE KEY':
      return { privateKey: parsePrivateKey(der, 'pkcs8'), encryption: null }
    case 'RSA PRIVATE KEY':
      return { privateKey: parsePrivateKey(der, 'pkcs1'), encryption: null }
    case 'EC PRIVATE KEY':
      return { privateKey: parsePrivateKey(der, 'sec1'), encryption: null }
    case 'ENCRYPTED PRIVATE KEY':
      return openEncryptedKey(der, password, tally)
    default:
      return undefined
  }
}

async function openEncryptedKey(
  der: Uint8Array,
  password: string | undefined,
  tally: Pkcs12Tally,
): Promise<KeyInPem> {
  const { encryption, data } = parseShroudedKey(readDer(der), tally)
  if (password === undefined) {
    throw new PkiError('pki/keystore-password', 'the private key is encrypted: give its password')
  }
  const [encoded] = passwordEncodings(password)
  const plain = await encryption.decrypt(encoded, data)
  try {
    return { privateKey: parsePrivateKey(plain, 'pkcs8'), encryption }
  } catch (error) {
    // Without a MAC one wrong password in 256 passes the padding and shows only here.
    const rubbish = error instanceof PkiError && error.code === 'pki/keystore-corrupt'
    throw rubbish ? wrongPassword(error) : error
  } finally {
    plain.fill(0)
  }
}

function isCertificateBlock({ label }: PemBlock): boolean {
  return label === 'CERTIFICATE' || label === 'X509 CERTIFICATE'
}

function certificateOf({ der }: PemBlock): FoundCertificate {
  try {
    return { certificate: parseCertificate(der), alias: null, localKeyId: null }
  } catch (error) {
    throw corruptFile('one of its certificates is not readable', error)
  }
}
