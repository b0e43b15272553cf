import type { DerNode } from './der.ts'
import { childOf, readOctets, readOid } from './der-read.ts'
import { corruptFile } from './keystore-faults.ts'
import { type PasswordBasedEncryption, parseEncryption } from './pbe.ts'
import { parseAlgorithm } from './pbe-pbkdf2.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import type { Pkcs12Tally } from './pkcs12-tally.ts'

/** What a bag says about its content besides the content (RFC 7292 section 4.2, RFC 2985). */
interface BagAttributes {
  readonly friendlyName: string | null
  /** Lower-case hex; equal on a key and its certificate. */
  readonly localKeyId: string | null
  /** Java shows a lone certificate only with this mark (pki.md section 4.5). */
  readonly javaTrusted: boolean
}

/** One bag. `other` is a CRL, a secret or an unknown kind: named and passed over. */
export type Pkcs12Bag = BagAttributes &
  (
    | { readonly kind: 'key'; readonly pkcs8: Uint8Array }
    | {
        readonly kind: 'shrouded-key'
        readonly encryption: PasswordBasedEncryption
        readonly data: Uint8Array
      }
    | { readonly kind: 'certificate'; readonly der: Uint8Array }
    | { readonly kind: 'other'; readonly name: string }
  )

/**
 * The bags of a SafeContents, those of nested ones included, in file order. How deep they nest is
 * bounded by the nesting of the ASN.1 they are written in.
 */
export function parseSafeContents(node: DerNode, tally: Pkcs12Tally): Pkcs12Bag[] {
  if (node.tag !== 0x30) throw corruptFile('a list of bags is missing')
  return node.children.flatMap((bag) => {
    tally.addBag()
    const type = readOid(childOf(bag, 0))
    const value = childOf(childOf(bag, 1, 0xa0), 0)
    if (type === pkcs12Oids.safeContentsBag) return parseSafeContents(value, tally)
    return [{ ...parseBagValue(type, value, tally), ...parseAttributes(bag.children[2]) }]
  })
}

/** EncryptedPrivateKeyInfo (RFC 5958 section 3), also what a PEM block `ENCRYPTED PRIVATE KEY` holds. */
export function parseShroudedKey(
  node: DerNode,
  tally: Pkcs12Tally,
): { kind: 'shrouded-key'; encryption: PasswordBasedEncryption; data: Uint8Array } {
  const encryption = parseEncryption(parseAlgorithm(childOf(node, 0, 0x30)))
  tally.addIterations(encryption.iterations)
  return { kind: 'shrouded-key', encryption, data: readOctets(childOf(node, 1)) }
}

function parseBagValue(type: string, value: DerNode, tally: Pkcs12Tally) {
  switch (type) {
    case pkcs12Oids.keyBag:
      return { kind: 'key' as const, pkcs8: value.raw }
    case pkcs12Oids.shroudedKeyBag:
      return parseShroudedKey(value, tally)
    case pkcs12Oids.certificateBag: {
      if (readOid(childOf(value, 0)) !== pkcs12Oids.x509Certificate) {
        return { kind: 'other' as const, name: 'a certificate that is not X.509' }
      }
      tally.addCertificate()
      return { kind: 'certificate' as const, der: readOctets(childOf(childOf(value, 1, 0xa0), 0)) }
    }
    case pkcs12Oids.crlBag:
      return { kind: 'other' as const, name: 'a revocation list' }
    case pkcs12Oids.secretBag:
      return { kind: 'other' as const, name: 'a secret' }
    default:
      return { kind: 'other' as const, name: `a bag of type ${type}` }
  }
}

function parseAttributes(set: DerNode | undefined): BagAttributes {
  const values = new Map<string, DerNode | undefined>()
  for (const attribute of set?.children ?? []) {
    values.set(readOid(childOf(attribute, 0)), childOf(attribute, 1, 0x31).children[0])
  }
  const friendlyName = values.get(pkcs12Oids.friendlyName)
  const localKeyId = values.get(pkcs12Oids.localKeyId)
  return {
    friendlyName: friendlyName ? readBmpString(friendlyName) : null,
    localKeyId: localKeyId ? Buffer.from(readOctets(localKeyId)).toString('hex') : null,
    javaTrusted: values.has(pkcs12Oids.javaTrustedUsage),
  }
}

// The name is a label only, so one in another string type is passed over, not an error.
function readBmpString(node: DerNode): string | null {
  if (node.tag !== 0x1e || node.content.length % 2 !== 0) return null
  return Buffer.from(node.content).swap16().toString('utf16le')
}
