import { createHash, createHmac, randomBytes } from 'node:crypto'
import { encodeDer } from './der.ts'
import { explicit, integer, oid, sequence, setOf } from './der-write.ts'
import { PkiError } from './errors.ts'
import { selectEntry } from './keystore-entry.ts'
import {
  checkIterationsForWriting,
  checkKeystoreOrder,
  type KeystoreOrder,
} from './keystore-order.ts'
import { checkPasswordForWriting } from './keystore-password.ts'
import { encryptWithPassword, type KeystoreFlavour, octetString } from './pbe-encrypt.ts'
import { bmpPassword, derivePkcs12 } from './pkcs12-kdf.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import { readPkcs12 } from './pkcs12-read.ts'

/** A PKCS#12 file to write. */
export interface Pkcs12Order extends KeystoreOrder {
  /** 8 to 128 characters of printable ASCII, because Java opens nothing else. */
  readonly password: string
  /** Name that tools show for the entry; Java folds it to lower case. */
  readonly friendlyName: string
  readonly flavour: KeystoreFlavour
  /** 2 048 to 1 000 000; 10 000 unless given, enough for a generated password. */
  readonly iterations?: number
}

interface WritingOptions {
  readonly flavour: KeystoreFlavour
  readonly iterations: number
}

/**
 * A PKCS#12 file that has been opened again with its password before it is returned (pki.md
 * sections 3.2, 4.1 and 4.2): certificates first, then the key; `friendlyName` and `localKeyID`
 * (SHA-1 of the leaf) on key and leaf only.
 *
 * @example
 * const file = await writePkcs12({ privateKey, chain, password, friendlyName: 'client', flavour: 'modern' })
 */
export async function writePkcs12(order: Pkcs12Order): Promise<Uint8Array> {
  const leaf = checkKeystoreOrder(order)
  checkPasswordForWriting(order.password)
  checkFriendlyName(order.friendlyName)
  const options = {
    flavour: order.flavour,
    iterations: checkIterationsForWriting(order.iterations),
  }
  const attributes = setOf([
    attribute(pkcs12Oids.friendlyName, bmpString(order.friendlyName)),
    attribute(pkcs12Oids.localKeyId, octetString(createHash('sha1').update(leaf.raw).digest())),
  ])
  const authenticatedSafe = sequence(
    await encryptedCertificates(order, attributes, options),
    await shroudedKey(order, attributes, options),
  )
  const file = sequence(
    integer(3),
    dataContent(authenticatedSafe),
    await macData(authenticatedSafe, order.password, options),
  )
  await checkOwnFile(file, order)
  return file
}

async function encryptedCertificates(
  order: Pkcs12Order,
  leafAttributes: Uint8Array,
  options: WritingOptions,
): Promise<Uint8Array> {
  const bags = order.chain.map((certificate, index) =>
    sequence(
      oid(pkcs12Oids.certificateBag),
      explicit(
        0,
        sequence(oid(pkcs12Oids.x509Certificate), explicit(0, octetString(certificate.raw))),
      ),
      ...(index === 0 ? [leafAttributes] : []),
    ),
  )
  const { algorithm, data } = await encryptWithPassword(sequence(...bags), order.password, options)
  const content = sequence(oid(pkcs12Oids.data), algorithm, encodeDer(0x80, data))
  return sequence(oid(pkcs12Oids.encryptedData), explicit(0, sequence(integer(0), content)))
}

async function shroudedKey(
  order: Pkcs12Order,
  attributes: Uint8Array,
  options: WritingOptions,
): Promise<Uint8Array> {
  const pkcs8 = order.privateKey.export({ format: 'der', type: 'pkcs8' })
  const { algorithm, data } = await encryptWithPassword(pkcs8, order.password, options)
  pkcs8.fill(0)
  const bag = sequence(
    oid(pkcs12Oids.shroudedKeyBag),
    explicit(0, sequence(algorithm, octetString(data))),
    attributes,
  )
  return dataContent(sequence(bag))
}

// MacData of RFC 7292 section 4; the key length is that of the hash.
async function macData(
  content: Uint8Array,
  password: string,
  { flavour, iterations }: WritingOptions,
): Promise<Uint8Array> {
  const modern = flavour === 'modern'
  const hash = modern ? 'sha256' : 'sha1'
  const salt = randomBytes(modern ? 16 : 8)
  const input = { hash, password: bmpPassword(password), salt, iterations } as const
  const key = await derivePkcs12(input, 'mac', modern ? 32 : 20)
  const digest = createHmac(hash, key).update(content).digest()
  const algorithm = sequence(oid(modern ? pkcs12Oids.sha256 : pkcs12Oids.sha1), encodeDer(0x05))
  return sequence(sequence(algorithm, octetString(digest)), octetString(salt), integer(iterations))
}

function dataContent(bytes: Uint8Array): Uint8Array {
  return sequence(oid(pkcs12Oids.data), explicit(0, octetString(bytes)))
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), setOf([value]))
}

function bmpString(text: string): Uint8Array {
  return encodeDer(0x1e, Buffer.from(text, 'utf16le').swap16())
}

function checkFriendlyName(name: string): void {
  // BMPString has no characters beyond U+FFFF; control characters would reach terminals.
  if (!/^[^\p{Cc}\p{Cf}\p{Cs}]{1,128}$/u.test(name) || /[\u{10000}-\u{10ffff}]/u.test(name)) {
    throw new PkiError(
      'pki/name-forbidden',
      'the name of a keystore entry has 1 to 128 characters, none of them control characters or beyond U+FFFF',
    )
  }
}

async function checkOwnFile(file: Uint8Array, order: Pkcs12Order): Promise<void> {
  const entry = selectEntry(await readPkcs12(file, order.password))
  const same =
    entry.alias === order.friendlyName &&
    entry.privateKey.equals(order.privateKey) &&
    entry.chain.length === order.chain.length &&
    entry.chain.every((one, index) => order.chain[index]?.sha256 === one.sha256)
  if (!same) {
    throw new PkiError('pki/self-check-failed', 'the keystore just written does not read back')
  }
}
