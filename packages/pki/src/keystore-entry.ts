import type { KeyObject } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { PkiError } from './errors.ts'
import type { FoundCertificate, FoundKey } from './keystore-content.ts'
import { matchKeys } from './keystore-content.ts'
import { printable } from './keystore-words.ts'

/** A private key with its certificate chain. */
export interface KeystoreEntry {
  readonly privateKey: KeyObject
  readonly certificate: Certificate
  /** Leaf first, as far up as the file goes; the root may or may not be there. */
  readonly chain: readonly Certificate[]
  readonly alias: string | null
}

/** How a file is protected, in names people know; `none` where it is not. */
export interface KeystoreEncryption {
  readonly certificates: string
  readonly key: string
  readonly mac: string | null
  /** Rounds of the MAC, or of the encryption where there is no MAC. */
  readonly iterations: number | null
  /** True when anything in it is what current libraries refuse or warn about. */
  readonly legacy: boolean
}

/** Everything usable in a keystore file, whatever its format. */
export interface Keystore {
  readonly format: 'pkcs12' | 'pem' | 'der'
  /** One for each private key; none in a file of certificates only. */
  readonly entries: readonly KeystoreEntry[]
  /** All certificates, in file order. */
  readonly certificates: readonly Certificate[]
  readonly encryption: KeystoreEncryption
  /** Parts that were passed over, in words. */
  readonly warnings: readonly string[]
}

/** What a reader of one format found. */
export interface KeystoreContent {
  readonly format: Keystore['format']
  readonly keys: readonly FoundKey[]
  readonly certificates: readonly FoundCertificate[]
  readonly encryption: KeystoreEncryption
  readonly warnings: readonly string[]
}

/**
 * A keystore all of whose keys have their certificate; a key without one is
 * `pki/keystore-key-mismatch`.
 */
export function createKeystore(content: KeystoreContent): Keystore {
  const entries = matchKeys(content.keys, content.certificates).map(({ key, leaf, chain }) => {
    if (!leaf) throw keyMismatch(content.certificates.length)
    return {
      privateKey: key.privateKey,
      certificate: leaf.certificate,
      chain,
      alias: key.alias ?? leaf.alias,
    }
  })
  return {
    format: content.format,
    entries,
    certificates: content.certificates.map((found) => found.certificate),
    encryption: content.encryption,
    warnings: content.warnings,
  }
}

/**
 * The one entry to use: that named `alias`, or the only one. Several keys without an alias are
 * refused rather than guessed at (pki.md section 4.4); aliases compare without case, as Java does.
 */
export function selectEntry(keystore: Keystore, alias?: string): KeystoreEntry {
  const { entries } = keystore
  const wanted = alias?.toLowerCase()
  const matching =
    wanted === undefined
      ? entries
      : entries.filter((entry) => entry.alias?.toLowerCase() === wanted)
  const [entry] = matching
  if (entry && matching.length === 1) return entry
  if (entries.length === 0) {
    throw new PkiError(
      'pki/keystore-no-key',
      'the file holds certificates but no private key; export it together with its key',
    )
  }
  const names = entries.map((one) => `"${printable(one.alias ?? 'no alias')}"`).join(', ')
  throw new PkiError(
    'pki/keystore-format',
    alias === undefined
      ? `the file holds ${entries.length} private keys (${names}); name the alias of one`
      : `the file has ${matching.length === 0 ? 'no key' : 'several keys'} with the alias "${printable(alias)}"; it has ${names}`,
  )
}

function keyMismatch(certificates: number): PkiError {
  return new PkiError(
    'pki/keystore-key-mismatch',
    certificates === 0
      ? 'the file holds a private key but no certificate; put both in one file'
      : 'the private key in the file belongs to none of its certificates; export the pair again',
  )
}
