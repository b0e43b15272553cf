import { createCipheriv, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { encodeDer } from './der.ts'
import { integer, oid, sequence } from './der-write.ts'
import { bmpPassword, derivePkcs12 } from './pkcs12-kdf.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'

/** `modern` opens everywhere since about 2021; `compat` is weak and for older readers only (pki.md section 4.2). */
export type KeystoreFlavour = 'modern' | 'compat'

/** An AlgorithmIdentifier in DER and what was encrypted under it. */
export interface Encrypted {
  readonly algorithm: Uint8Array
  readonly data: Uint8Array
}

const pbkdf2InThreadPool = promisify(pbkdf2)

/** Encrypts under a fresh salt; the password was checked by `checkPasswordForWriting` before. */
export function encryptWithPassword(
  plain: Uint8Array,
  password: string,
  options: { flavour: KeystoreFlavour; iterations: number },
): Promise<Encrypted> {
  return options.flavour === 'modern'
    ? encryptPbes2(plain, password, options.iterations)
    : encryptTripleDes(plain, password, options.iterations)
}

/** OCTET STRING of these bytes. */
export function octetString(bytes: Uint8Array): Uint8Array {
  return encodeDer(0x04, bytes)
}

// PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018 appendix A.4), with the parameters
// OpenSSL writes: no key length, because some readers refuse a file that gives it.
async function encryptPbes2(
  plain: Uint8Array,
  password: string,
  iterations: number,
): Promise<Encrypted> {
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const key = await pbkdf2InThreadPool(password, salt, iterations, 32, 'sha256')
  const prf = sequence(oid(pkcs12Oids.hmacSha256), encodeDer(0x05))
  const kdf = sequence(
    oid(pkcs12Oids.pbkdf2),
    sequence(octetString(salt), integer(iterations), prf),
  )
  const cipher = sequence(oid(pkcs12Oids.aes256Cbc), octetString(iv))
  return {
    algorithm: sequence(oid(pkcs12Oids.pbes2), sequence(kdf, cipher)),
    data: encryptCbc('aes-256-cbc', key, iv, plain),
  }
}

// pbeWithSHA1And3-KeyTripleDES-CBC (RFC 7292 appendix C).
async function encryptTripleDes(
  plain: Uint8Array,
  password: string,
  iterations: number,
): Promise<Encrypted> {
  // Eight bytes as OpenSSL and NSS write; the oldest readers know no other length.
  const salt = randomBytes(8)
  const input = { hash: 'sha1', password: bmpPassword(password), salt, iterations } as const
  const key = await derivePkcs12(input, 'key', 24)
  const iv = await derivePkcs12(input, 'iv', 8)
  return {
    algorithm: sequence(
      oid(pkcs12Oids.pbeSha1TripleDes),
      sequence(octetString(salt), integer(iterations)),
    ),
    data: encryptCbc('des-ede3-cbc', key, iv, plain),
  }
}

function encryptCbc(
  cipher: string,
  key: Uint8Array,
  iv: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const encipher = createCipheriv(cipher, key, iv)
  const data = Buffer.concat([encipher.update(plain), encipher.final()])
  key.fill(0)
  return data
}
