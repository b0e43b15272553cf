import { type DerNode, readDer } from './der.ts'
import { childOf, readInteger, readOctets, readOid } from './der-read.ts'
import { PkiError } from './errors.ts'
import { corruptFile, unsupportedAlgorithm } from './keystore-faults.ts'
import { keystoreLimits } from './keystore-limits.ts'
import { type PasswordBasedEncryption, parseEncryption } from './pbe.ts'
import { parseAlgorithm } from './pbe-pbkdf2.ts'
import { type Pkcs12Bag, parseSafeContents } from './pkcs12-bags.ts'
import { type Pkcs12Mac, parseMac } from './pkcs12-mac.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import type { Pkcs12Tally } from './pkcs12-tally.ts'

/** One content info of the authenticated safe: bags in the open, or one encrypted run of them. */
type Pkcs12Safe =
  | { readonly encryption: null; readonly bags: readonly Pkcs12Bag[] }
  | { readonly encryption: PasswordBasedEncryption; readonly data: Uint8Array }

/** A PKCS#12 file as far as it can be read without its password (RFC 7292 section 4). */
export interface Pkcs12File {
  readonly mac: Pkcs12Mac | null
  /** What the MAC covers: the contents of the authenticated safe. */
  readonly macContent: Uint8Array
  /** In file order, which means nothing: some writers begin with the key, others with certificates. */
  readonly safes: readonly Pkcs12Safe[]
}

/**
 * Structure of a PKCS#12 file in BER or DER. Every limit and every algorithm that shows without a
 * password is checked here, so nothing has been derived yet when a hostile file is refused.
 */
export function parsePkcs12(bytes: Uint8Array, tally: Pkcs12Tally): Pkcs12File {
  const pfx = readBer(bytes)
  if (readInteger(childOf(pfx, 0, 0x02)) !== 3n) {
    throw new PkiError('pki/keystore-format', 'the file is no PKCS#12 keystore of version 3')
  }
  const macContent = readDataContent(childOf(pfx, 1, 0x30))
  const safes: Pkcs12Safe[] = []
  for (const info of readBer(macContent).children) {
    tally.addBag()
    safes.push(parseSafe(info, tally))
  }
  const macNode = pfx.children[2]
  const mac = macNode ? parseMac(macNode) : null
  if (mac) tally.addIterations(mac.iterations)
  return { mac, macContent, safes }
}

/** One BER value within the limits of keystores. */
export function readBer(bytes: Uint8Array): DerNode {
  return readDer(bytes, {
    ber: true,
    bytesMax: keystoreLimits.fileBytesMax,
    depthMax: keystoreLimits.nestingMax,
  })
}

function readDataContent(info: DerNode): Uint8Array {
  const type = readOid(childOf(info, 0))
  if (type === pkcs12Oids.signedData) {
    throw unsupportedAlgorithm(
      'a keystore protected by a signature instead of a password',
      'export it with a password',
    )
  }
  if (type !== pkcs12Oids.data) throw corruptFile(`its content has the unknown type ${type}`)
  return readOctets(childOf(childOf(info, 1, 0xa0), 0))
}

function parseSafe(info: DerNode, tally: Pkcs12Tally): Pkcs12Safe {
  const type = readOid(childOf(info, 0))
  if (type === pkcs12Oids.envelopedData) {
    throw unsupportedAlgorithm(
      'a keystore encrypted to a public key instead of a password',
      'export it with a password',
    )
  }
  if (type !== pkcs12Oids.encryptedData) {
    return { encryption: null, bags: parseSafeContents(readBer(readDataContent(info)), tally) }
  }
  // EncryptedData ::= SEQUENCE { version, EncryptedContentInfo } (RFC 5652 section 8).
  const content = childOf(childOf(childOf(info, 1, 0xa0), 0, 0x30), 1, 0x30)
  const encryption = parseEncryption(parseAlgorithm(childOf(content, 1)))
  tally.addIterations(encryption.iterations)
  return { encryption, data: readOctets(childOf(content, 2), 0x80) }
}
