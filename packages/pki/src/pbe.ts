import { createDecipheriv } from 'node:crypto'
import { cpuTurn } from './cpu-turn.ts'
import { childOf, readOctets } from './der-read.ts'
import { corruptFile, unsupportedAlgorithm, wrongPassword } from './keystore-faults.ts'
import type { EncodedPassword } from './keystore-password.ts'
import {
  type AlgorithmIdentifier,
  parametersOf,
  parseAlgorithm,
  parseIterations,
  parsePbkdf2,
  parseSalt,
} from './pbe-pbkdf2.ts'
import { derivePkcs12 } from './pkcs12-kdf.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import { decryptRc2Cbc } from './rc2.ts'

/** A password-based encryption whose parameters were checked against the limits. */
export interface PasswordBasedEncryption {
  /** As people know it: `AES-256-CBC`, `3DES`, `RC2-40-CBC`. */
  readonly name: string
  readonly iterations: number
  /** True for what current libraries refuse or warn about. */
  readonly legacy: boolean
  /** Plain text; a wrong password shows as bad padding and is `pki/keystore-password`. */
  decrypt(password: EncodedPassword, data: Uint8Array): Promise<Uint8Array>
}

interface OldScheme {
  readonly name: string
  readonly keyBytes: number
  readonly rc2Bits?: number
}

// RFC 7292 appendix C.
const oldSchemes: ReadonlyMap<string, OldScheme> = new Map([
  ['1.2.840.113549.1.12.1.3', { name: '3DES', keyBytes: 24 }],
  ['1.2.840.113549.1.12.1.4', { name: '2-key 3DES', keyBytes: 16 }],
  ['1.2.840.113549.1.12.1.5', { name: 'RC2-128-CBC', keyBytes: 16, rc2Bits: 128 }],
  ['1.2.840.113549.1.12.1.6', { name: 'RC2-40-CBC', keyBytes: 5, rc2Bits: 40 }],
])

const refusedSchemes: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.12.1.1', 'RC4-128'],
  ['1.2.840.113549.1.12.1.2', 'RC4-40'],
  ['1.2.840.113549.1.5.1', 'MD2 with DES'],
  ['1.2.840.113549.1.5.3', 'MD5 with DES'],
  ['1.2.840.113549.1.5.4', 'MD2 with RC2'],
  ['1.2.840.113549.1.5.6', 'MD5 with RC2'],
  ['1.2.840.113549.1.5.10', 'SHA-1 with DES'],
  ['1.2.840.113549.1.5.11', 'SHA-1 with RC2'],
])

interface Pbes2Cipher {
  readonly name: string
  readonly cipher: string
  readonly keyBytes: number
  readonly ivBytes: number
}

const pbes2Ciphers: ReadonlyMap<string, Pbes2Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', aes(128)],
  ['2.16.840.1.101.3.4.1.22', aes(192)],
  ['2.16.840.1.101.3.4.1.42', aes(256)],
  [
    '1.2.840.113549.3.7',
    { name: '3DES (PBES2)', cipher: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 },
  ],
])

const refusedCiphers: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.7', 'DES-CBC'],
  ['1.2.840.113549.3.2', 'RC2-CBC in PBES2'],
  ['2.16.840.1.101.3.4.1.6', 'AES-128-GCM'],
  ['2.16.840.1.101.3.4.1.26', 'AES-192-GCM'],
  ['2.16.840.1.101.3.4.1.46', 'AES-256-GCM'],
])

// 32 KiB of RC2 in JavaScript take about 4 ms.
const rc2SliceBytes = 32 * 1024

/**
 * The encryption an algorithm identifier names, ready to decrypt. What is unknown or refused on
 * purpose is `pki/keystore-unsupported-algorithm` with its name; nothing is derived here.
 */
export function parseEncryption(algorithm: AlgorithmIdentifier): PasswordBasedEncryption {
  if (algorithm.oid === pkcs12Oids.pbes2) return parsePbes2(algorithm)
  const scheme = oldSchemes.get(algorithm.oid)
  if (!scheme) {
    const name = refusedSchemes.get(algorithm.oid) ?? algorithm.oid
    throw unsupportedAlgorithm(
      `encryption ${name}`,
      'have the file exported again, with AES-256 (openssl pkcs12 -export does so)',
    )
  }
  const parameters = parametersOf(algorithm)
  const salt = parseSalt(childOf(parameters, 0))
  const iterations = parseIterations(childOf(parameters, 1))
  return {
    name: scheme.name,
    iterations,
    legacy: true,
    async decrypt(password, data) {
      const input = { hash: 'sha1', password: password.bmp, salt, iterations } as const
      const key = await derivePkcs12(input, 'key', scheme.keyBytes)
      const iv = await derivePkcs12(input, 'iv', 8)
      if (scheme.rc2Bits !== undefined) return decryptRc2InSlices(key, scheme.rc2Bits, iv, data)
      // Two-key 3DES is three-key 3DES whose third key is the first.
      const wholeKey = Buffer.concat([key, key.subarray(0, 24 - key.length)])
      return decryptCbc('des-ede3-cbc', wholeKey, iv, data)
    },
  }
}

// RFC 8018 section 6.2 and appendix A.4.
function parsePbes2(algorithm: AlgorithmIdentifier): PasswordBasedEncryption {
  const parameters = parametersOf(algorithm)
  const kdf = parsePbkdf2(parseAlgorithm(childOf(parameters, 0)))
  const scheme = parseAlgorithm(childOf(parameters, 1))
  const cipher = pbes2Ciphers.get(scheme.oid)
  if (!cipher) {
    throw unsupportedAlgorithm(
      `encryption ${refusedCiphers.get(scheme.oid) ?? scheme.oid}`,
      'have the file exported again with AES-256-CBC',
    )
  }
  const iv = readOctets(parametersOf(scheme))
  if (iv.length !== cipher.ivBytes) throw corruptFile(`${cipher.name} has no proper start value`)
  if (kdf.keyBytes !== undefined && kdf.keyBytes !== cipher.keyBytes) {
    throw corruptFile(`the derived key of ${kdf.keyBytes} bytes does not fit ${cipher.name}`)
  }
  return {
    name: cipher.name,
    iterations: kdf.iterations,
    legacy: cipher.ivBytes === 8,
    decrypt: async (password, data) =>
      decryptCbc(cipher.cipher, await kdf.derive(password.utf8, cipher.keyBytes), iv, data),
  }
}

function decryptCbc(cipher: string, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(cipher, key, iv)
  try {
    return Buffer.concat([decipher.update(data), decipher.final()])
  } catch (error) {
    throw wrongPassword(error)
  } finally {
    key.fill(0)
  }
}

async function decryptRc2InSlices(
  key: Uint8Array,
  bits: number,
  iv: Uint8Array,
  data: Uint8Array,
): Promise<Uint8Array> {
  if (data.length === 0 || data.length % 8 !== 0) throw wrongPassword()
  const plain = Buffer.alloc(data.length)
  for (let at = 0; at < data.length; at += rc2SliceBytes) {
    await cpuTurn()
    const start = at === 0 ? iv : data.subarray(at - 8, at)
    plain.set(decryptRc2Cbc(key, bits, start, data.subarray(at, at + rc2SliceBytes)), at)
  }
  key.fill(0)
  const padding = plain[plain.length - 1] ?? 0
  const tail = plain.subarray(plain.length - padding)
  if (padding < 1 || padding > 8 || tail.some((byte) => byte !== padding)) throw wrongPassword()
  return plain.subarray(0, plain.length - padding)
}

function aes(bits: number): Pbes2Cipher {
  return { name: `AES-${bits}-CBC`, cipher: `aes-${bits}-cbc`, keyBytes: bits / 8, ivBytes: 16 }
}
