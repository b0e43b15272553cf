import { encodeDer } from '../../../packages/pki/src/der.ts'
import { childOf, readOctets, readOid } from '../../../packages/pki/src/der-read.ts'
import { explicit, integer, oid, sequence } from '../../../packages/pki/src/der-write.ts'
import { passwordEncodings } from '../../../packages/pki/src/keystore-password.ts'
import { parseEncryption } from '../../../packages/pki/src/pbe.ts'
import { parseAlgorithm } from '../../../packages/pki/src/pbe-pbkdf2.ts'
import { pkcs12Oids } from '../../../packages/pki/src/pkcs12-oids.ts'
import { readBer } from '../../../packages/pki/src/pkcs12-structure.ts'

type BerNode = ReturnType<typeof readBer>

/**
 * The bags of a PKCS#12 file in the open and without MAC. Some writers have no setting for fewer
 * rounds of derivation, and behind a MAC or a cipher no mutation gets further than to it.
 */
export async function openedKeystore(file: Uint8Array, password: string): Promise<Uint8Array> {
  const safes = readBer(readOctets(contentOf(childOf(readBer(file), 1))))
  const opened = await Promise.all(
    safes.children.map(async (safe) => dataContent(await openedSafe(safe, password))),
  )
  return sequence(integer(3), dataContent(sequence(...opened)))
}

async function openedSafe(safe: BerNode, password: string): Promise<Uint8Array> {
  const value = contentOf(safe)
  const encrypted = readOid(childOf(safe, 0)) === pkcs12Oids.encryptedData
  const content = encrypted ? childOf(value, 1) : null
  const bags =
    content === null
      ? readOctets(value)
      : await decrypt(childOf(content, 1), readOctets(childOf(content, 2), 0x80), password)
  const opened = readBer(bags).children.map((bag) => openedBag(bag, password))
  return sequence(...(await Promise.all(opened)))
}

async function openedBag(bag: BerNode, password: string): Promise<Uint8Array> {
  if (readOid(childOf(bag, 0)) !== pkcs12Oids.shroudedKeyBag) return bag.raw
  const shrouded = contentOf(bag)
  const key = await decrypt(childOf(shrouded, 0), readOctets(childOf(shrouded, 1)), password)
  const attributes = bag.children.slice(2).map(({ raw }) => raw)
  return sequence(oid(pkcs12Oids.keyBag), explicit(0, key), ...attributes)
}

function decrypt(algorithm: BerNode, data: Uint8Array, password: string): Promise<Uint8Array> {
  const [encoding] = passwordEncodings(password)
  return parseEncryption(parseAlgorithm(algorithm)).decrypt(encoding, data)
}

/** What stands behind the type of a content or a bag. */
function contentOf(node: BerNode): BerNode {
  return childOf(childOf(node, 1, 0xa0), 0)
}

function dataContent(bytes: Uint8Array): Uint8Array {
  return sequence(oid(pkcs12Oids.data), explicit(0, encodeDer(0x04, bytes)))
}
