import { createHmac, timingSafeEqual } from 'node:crypto'
import type { DerNode } from './der.ts'
import { childOf, readOctets } from './der-read.ts'
import { corruptFile, overLimit, unsupportedAlgorithm } from './keystore-faults.ts'
import type { EncodedPassword } from './keystore-password.ts'
import {
  hmacHashes,
  parametersOf,
  parseAlgorithm,
  parseIterations,
  parsePbkdf2,
  parseSalt,
} from './pbe-pbkdf2.ts'
import { derivePkcs12, type KdfHash, kdfHashSizes } from './pkcs12-kdf.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'

/** The integrity check of a file, with parameters that were checked against the limits. */
export interface Pkcs12Mac {
  /** `SHA-256`, or `PBMAC1 SHA-256`. */
  readonly name: string
  readonly iterations: number
  readonly legacy: boolean
  /** Whether `content` (the authenticated safe, not the whole file) was written with this password. */
  verify(password: EncodedPassword, content: Uint8Array): Promise<boolean>
}

const macHashes: ReadonlyMap<string, KdfHash> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

/** MacData of RFC 7292 section 4, in its classic form or as PBMAC1 (RFC 9879). Derives nothing. */
export function parseMac(node: DerNode): Pkcs12Mac {
  const digestInfo = childOf(node, 0)
  const algorithm = parseAlgorithm(childOf(digestInfo, 0))
  const expected = readOctets(childOf(digestInfo, 1))
  // With PBMAC1 salt and iterations of MacData mean nothing (RFC 9879 section 5).
  if (algorithm.oid === pkcs12Oids.pbmac1) return parsePbmac1(parametersOf(algorithm), expected)
  const salt = parseSalt(childOf(node, 1))
  const rounds = node.children[2]
  const iterations = rounds ? parseIterations(rounds) : 1
  const hash = macHashes.get(algorithm.oid)
  if (!hash) {
    throw unsupportedAlgorithm(
      `a MAC with the hash ${algorithm.oid}`,
      'have the file exported again with SHA-256',
    )
  }
  const keyBytes = kdfHashSizes.get(hash)?.outputBytes ?? 0
  return {
    name: nameOfHash(hash),
    iterations,
    legacy: hash === 'sha1',
    async verify(password, content) {
      const input = { hash, password: password.bmp, salt, iterations }
      const key = await derivePkcs12(input, 'mac', keyBytes)
      return equalBytes(createHmac(hash, key).update(content).digest(), expected)
    },
  }
}

function parsePbmac1(parameters: DerNode, expected: Uint8Array): Pkcs12Mac {
  const kdf = parsePbkdf2(parseAlgorithm(childOf(parameters, 0)))
  const scheme = parseAlgorithm(childOf(parameters, 1))
  const hash = hmacHashes.get(scheme.oid)
  if (!hash) {
    throw unsupportedAlgorithm(
      `PBMAC1 with ${scheme.oid}`,
      'export the file again with HMAC-SHA-256',
    )
  }
  const { keyBytes } = kdf
  // RFC 9879 section 5: the length must be given, because HMAC keys have none of their own.
  if (keyBytes === undefined) throw corruptFile('PBMAC1 does not say how long its key is')
  // Shorter keys could be guessed without the password; RFC 9879 section 9 sets this floor.
  if (keyBytes < 20) throw overLimit('the key of PBMAC1 is shorter than 20 bytes')
  return {
    name: `PBMAC1 ${nameOfHash(hash)}`,
    iterations: kdf.iterations,
    legacy: false,
    async verify(password, content) {
      const key = await kdf.derive(password.utf8, keyBytes)
      return equalBytes(createHmac(hash, key).update(content).digest(), expected)
    },
  }
}

function nameOfHash(hash: string): string {
  return hash.replace('sha', 'SHA-')
}

function equalBytes(actual: Uint8Array, expected: Uint8Array): boolean {
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}
