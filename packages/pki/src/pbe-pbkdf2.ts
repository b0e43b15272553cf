import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { DerNode } from './der.ts'
import { childOf, readInteger, readOctets, readOid } from './der-read.ts'
import { corruptFile, overLimit, unsupportedAlgorithm } from './keystore-faults.ts'
import { keystoreLimits } from './keystore-limits.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'

/** OID and, where there are any, parameters of an algorithm (RFC 5280 section 4.1.1.2). */
export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: DerNode | undefined
}

/** A PBKDF2 derivation that was checked against the limits and only lacks the password (RFC 8018 appendix A.2). */
export interface Pbkdf2 {
  readonly hash: string
  readonly iterations: number
  /** Length the file names, if it names one. */
  readonly keyBytes: number | undefined
  derive(passwordUtf8: Uint8Array, keyBytes: number): Promise<Uint8Array>
}

/** Hash of an HMAC, by OID (RFC 8018 appendix B.1.2), as `node:crypto` names it. */
export const hmacHashes: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

const oidScrypt = '1.3.6.1.4.1.11591.4.11'
const oidHmacSha1 = '1.2.840.113549.2.7'

const pbkdf2InThreadPool = promisify(pbkdf2)

/** The algorithm identifier in `node`. */
export function parseAlgorithm(node: DerNode): AlgorithmIdentifier {
  return { oid: readOid(childOf(node, 0)), parameters: node.children[1] }
}

/** The parameters of an algorithm that cannot do without. */
export function parametersOf(algorithm: AlgorithmIdentifier): DerNode {
  if (!algorithm.parameters) throw corruptFile(`algorithm ${algorithm.oid} has no parameters`)
  return algorithm.parameters
}

/** An iteration count within the limit of one derivation. */
export function parseIterations(node: DerNode): number {
  const iterations = readInteger(node)
  if (iterations < 1n) throw corruptFile('an iteration count is below one')
  if (iterations > BigInt(keystoreLimits.iterationsMax)) {
    throw overLimit(
      `it asks for ${describeCount(iterations)} iterations of a key derivation, at most ${keystoreLimits.iterationsMax} are done`,
    )
  }
  return Number(iterations)
}

/** A salt within the limit of its length. */
export function parseSalt(node: DerNode): Uint8Array {
  const salt = readOctets(node)
  if (salt.length > keystoreLimits.saltBytesMax) {
    throw overLimit(`a salt is longer than ${keystoreLimits.saltBytesMax} bytes`)
  }
  return salt
}

/** The key derivation of PBES2 or PBMAC1; only PBKDF2 is read, anything else is refused by name. */
export function parsePbkdf2(algorithm: AlgorithmIdentifier): Pbkdf2 {
  if (algorithm.oid !== pkcs12Oids.pbkdf2) {
    throw unsupportedAlgorithm(
      `key derivation ${algorithm.oid === oidScrypt ? 'with scrypt' : algorithm.oid}`,
      'have the file exported again with PBKDF2',
    )
  }
  const parameters = parametersOf(algorithm)
  const salt = parseSalt(childOf(parameters, 0))
  const iterations = parseIterations(childOf(parameters, 1))
  const optional = parameters.children.slice(2)
  const keyBytes = parseKeyLength(optional.find((node) => node.tag === 0x02))
  const prfNode = optional.find((node) => node.tag === 0x30)
  const prf = prfNode ? parseAlgorithm(prfNode).oid : oidHmacSha1
  const hash = hmacHashes.get(prf)
  if (!hash) {
    throw unsupportedAlgorithm(
      `PBKDF2 with the function ${prf}`,
      'have the file exported again with HMAC-SHA-256',
    )
  }
  return {
    hash,
    iterations,
    keyBytes,
    derive: (passwordUtf8, length) =>
      pbkdf2InThreadPool(passwordUtf8, salt, iterations, length, hash),
  }
}

function parseKeyLength(node: DerNode | undefined): number | undefined {
  if (!node) return undefined
  const length = readInteger(node)
  if (length < 1n || length > BigInt(keystoreLimits.derivedKeyBytesMax)) {
    throw overLimit(`a derived key may have 1 to ${keystoreLimits.derivedKeyBytesMax} bytes`)
  }
  return Number(length)
}

// A hostile count may have thousands of digits.
function describeCount(count: bigint): string {
  return count > 1_000_000_000_000n ? 'more than 10^12' : `${count}`
}
