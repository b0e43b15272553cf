import { parseCertificate } from './certificate.ts'
import { cpuTurn } from './cpu-turn.ts'
import { PkiError } from './errors.ts'
import { type FoundCertificate, type FoundKey, parsePrivateKey } from './keystore-content.ts'
import {
  createKeystore,
  type Keystore,
  type KeystoreContent,
  type KeystoreEncryption,
} from './keystore-entry.ts'
import { asKeystoreFault, corruptFile, wrongPassword } from './keystore-faults.ts'
import { type EncodedPassword, passwordEncodings } from './keystore-password.ts'
import type { PasswordBasedEncryption } from './pbe.ts'
import { type Pkcs12Bag, parseSafeContents } from './pkcs12-bags.ts'
import { type Pkcs12File, parsePkcs12, readBer } from './pkcs12-structure.ts'
import { Pkcs12Tally } from './pkcs12-tally.ts'

/** What a reader may tolerate. */
export interface Pkcs12ReadOptions {
  /** Open a file without MAC, for looking at it only (pki.md section 4.4). */
  readonly allowMissingMac?: boolean
}

interface OpenedBag {
  readonly bag: Pkcs12Bag
  /** Of the part the bag lay in. */
  readonly encryption: PasswordBasedEncryption | null
}

/**
 * Opens a PKCS#12 file (RFC 7292) of any common writer and flavour (pki.md section 4.2), and
 * guarantees that the MAC was right, that no limit was exceeded before a key was derived, and that
 * each key has its certificate. Never blocks the event loop for longer than one slice of hashing.
 *
 * @example
 * const keystore = await readPkcs12(await readFile('client.p12'), password)
 * const { privateKey, chain } = selectEntry(keystore)
 */
export async function readPkcs12(
  bytes: Uint8Array,
  password: string,
  options: Pkcs12ReadOptions = {},
): Promise<Keystore> {
  const content = await openPkcs12(bytes, password, options)
  await cpuTurn()
  return createKeystore(content)
}

/** What the file holds, before keys and certificates are matched; same guarantees otherwise. */
export async function openPkcs12(
  bytes: Uint8Array,
  password: string,
  options: Pkcs12ReadOptions = {},
): Promise<KeystoreContent> {
  try {
    const tally = new Pkcs12Tally()
    const passwords = passwordEncodings(password)
    // Parsing takes its turn like hashing does, so that many files at once do not add up to one stall.
    await cpuTurn()
    const file = parsePkcs12(bytes, tally)
    await checkIntegrity(file, passwords, options)
    const opener = new Opener(passwords, file.mac !== null, tally)
    const bags = await opener.openSafes(file)
    return {
      format: 'pkcs12',
      keys: await opener.openKeys(bags),
      certificates: certificatesOf(bags),
      encryption: describeEncryption(file, bags),
      warnings: bags.flatMap(({ bag }) =>
        bag.kind === 'other' ? [`the file also holds ${bag.name}, which is not used`] : [],
      ),
    }
  } catch (error) {
    throw asKeystoreFault(error)
  }
}

async function checkIntegrity(
  file: Pkcs12File,
  passwords: readonly EncodedPassword[],
  options: Pkcs12ReadOptions,
): Promise<void> {
  if (!file.mac) {
    if (options.allowMissingMac) return
    throw new PkiError(
      'pki/keystore-format',
      'the keystore has no MAC, so nothing shows that it is unchanged; export it again with one',
    )
  }
  for (const password of passwords) {
    if (await file.mac.verify(password, file.macContent)) return
  }
  throw wrongPassword()
}

/** Decrypts with each encoding of the password in turn; only the empty one has more than one. */
class Opener {
  readonly #passwords: readonly EncodedPassword[]
  readonly #passwordVerified: boolean
  readonly #tally: Pkcs12Tally

  constructor(
    passwords: readonly EncodedPassword[],
    passwordVerified: boolean,
    tally: Pkcs12Tally,
  ) {
    this.#passwords = passwords
    this.#passwordVerified = passwordVerified
    this.#tally = tally
  }

  async openSafes(file: Pkcs12File): Promise<OpenedBag[]> {
    const opened: OpenedBag[] = []
    for (const safe of file.safes) {
      const { encryption } = safe
      const bags =
        encryption === null
          ? safe.bags
          : await this.#decrypt(encryption, safe.data, (plain) =>
              parseSafeContents(readBer(plain), this.#tally),
            )
      opened.push(...bags.map((bag) => ({ bag, encryption })))
    }
    return opened
  }

  async openKeys(bags: readonly OpenedBag[]): Promise<FoundKey[]> {
    const keys: FoundKey[] = []
    for (const { bag } of bags) {
      if (bag.kind !== 'key' && bag.kind !== 'shrouded-key') continue
      const privateKey =
        bag.kind === 'key'
          ? parsePrivateKey(bag.pkcs8, 'pkcs8')
          : await this.#decrypt(bag.encryption, bag.data, (plain) => {
              const key = parsePrivateKey(plain, 'pkcs8')
              plain.fill(0)
              return key
            })
      keys.push({ privateKey, alias: bag.friendlyName, localKeyId: bag.localKeyId })
    }
    return keys
  }

  async #decrypt<T>(
    encryption: PasswordBasedEncryption,
    data: Uint8Array,
    parse: (plain: Uint8Array) => T,
  ): Promise<T> {
    let failure: unknown
    for (const password of this.#passwords) {
      try {
        const plain = await encryption.decrypt(password, data)
        await cpuTurn()
        return parse(plain)
      } catch (error) {
        failure = error
      }
    }
    const fault = asKeystoreFault(failure)
    // Without a MAC one wrong password in 256 passes the padding and shows as rubbish only here.
    const rubbish = fault instanceof PkiError && fault.code === 'pki/keystore-corrupt'
    throw rubbish && !this.#passwordVerified ? wrongPassword(failure) : fault
  }
}

function certificatesOf(bags: readonly OpenedBag[]): FoundCertificate[] {
  return bags.flatMap(({ bag }) => {
    if (bag.kind !== 'certificate') return []
    const certificate = parseBagCertificate(bag.der)
    return [{ certificate, alias: bag.friendlyName, localKeyId: bag.localKeyId }]
  })
}

function parseBagCertificate(der: Uint8Array) {
  try {
    return parseCertificate(der)
  } catch (error) {
    throw corruptFile('one of its certificates is not readable', error)
  }
}

function describeEncryption(file: Pkcs12File, bags: readonly OpenedBag[]): KeystoreEncryption {
  const ofCertificates = bags.filter(({ bag }) => bag.kind === 'certificate')
  const ofKeys = bags.flatMap(({ bag, encryption }) => {
    if (bag.kind === 'shrouded-key') return [bag.encryption]
    return bag.kind === 'key' ? [encryption] : []
  })
  const all = [...ofCertificates.map(({ encryption }) => encryption), ...ofKeys]
  const rounds = all.flatMap((encryption) => encryption?.iterations ?? [])
  return {
    certificates: namesOf(ofCertificates.map(({ encryption }) => encryption)),
    key: namesOf(ofKeys),
    mac: file.mac?.name ?? null,
    iterations: file.mac?.iterations ?? (rounds.length > 0 ? Math.max(...rounds) : null),
    legacy: (file.mac?.legacy ?? false) || all.some((encryption) => encryption?.legacy),
  }
}

function namesOf(encryptions: readonly (PasswordBasedEncryption | null)[]): string {
  const names = new Set(encryptions.map((encryption) => encryption?.name ?? 'none'))
  return names.size === 0 ? 'none' : [...names].join(' and ')
}
