import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
} from 'node:crypto'
import { encodeDer, readDer } from '../../../packages/pki/src/der.ts'
import { childOf, readBitString } from '../../../packages/pki/src/der-read.ts'
import { oid, sequence } from '../../../packages/pki/src/der-write.ts'

/** Kinds of keys the cases are made with, weak and unusual ones included. */
export type KeyKind =
  | 'p256'
  | 'p384'
  | 'p521'
  | 'p224'
  | 'secp256k1'
  | 'rsa1024'
  | 'rsa2048'
  | 'rsa2047'
  | 'rsa3072'
  | 'rsa-e3'
  | 'rsa-pss'
  | 'ed25519'
  | 'ed448'

/** How something is signed; `bad` is a signature of other bytes. */
export type Signing = 'usual' | 'sha1' | 'md5' | 'sha384' | 'sha512' | 'pss' | 'bad'

/** A key of a party of a case. */
export interface TestKey {
  readonly kind: KeyKind
  readonly privateKey: KeyObject
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** What its certificates name as subjectKeyIdentifier: 20 octets. */
  readonly id: Uint8Array
}

/** RSA keys take seconds to make; which one it is matters to no case. */
const shared = new Map<KeyKind, TestKey>()

/** A key of that kind: a new one for elliptic curves, always the same one for RSA unless `fresh`. */
export function keyOf(kind: KeyKind = 'p256'): TestKey {
  if (!kind.startsWith('rsa')) return newKey(kind)
  const known = shared.get(kind) ?? newKey(kind)
  shared.set(kind, known)
  return known
}

function newKey(kind: KeyKind): TestKey {
  const { privateKey } = generate(kind)
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const { bytes } = readBitString(childOf(readDer(spki), 1))
  return { kind, privateKey, spki, id: hash('sha256', bytes, 'buffer').subarray(0, 20) }
}

const curves = new Map<KeyKind, string>([
  ['p256', 'prime256v1'],
  ['p384', 'secp384r1'],
  ['p521', 'secp521r1'],
  ['p224', 'secp224r1'],
  ['secp256k1', 'secp256k1'],
])

function generate(kind: KeyKind): { privateKey: KeyObject } {
  const namedCurve = curves.get(kind)
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve })
  if (kind === 'ed25519') return generateKeyPairSync('ed25519')
  if (kind === 'ed448') return generateKeyPairSync('ed448')
  if (kind === 'rsa-pss') return generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  const modulusLength = Number(/\d{4}/.exec(kind)?.[0] ?? 2048)
  return generateKeyPairSync('rsa', {
    modulusLength,
    publicExponent: kind === 'rsa-e3' ? 3 : 65537,
  })
}

/** The identifier of the algorithm and a function that signs; the two always fit each other. */
export function signerOf(
  key: TestKey,
  signing: Signing = 'usual',
): { identifier: Uint8Array; sign(bytes: Uint8Array): Uint8Array } {
  const digest = digestOf(key, signing)
  const identifier = identifierOf(key, signing, digest)
  const isPss = signing === 'pss' || key.kind === 'rsa-pss'
  const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
  return {
    identifier,
    sign: (bytes) =>
      sign(digest, signing === 'bad' ? Buffer.from('other bytes') : bytes, {
        key: key.privateKey,
        ...padding,
      }),
  }
}

function digestOf({ kind }: TestKey, signing: Signing): string | null {
  if (kind === 'ed25519' || kind === 'ed448') return null
  if (['sha1', 'md5', 'sha384', 'sha512'].includes(signing)) return signing
  return kind === 'p384' ? 'sha384' : kind === 'p521' ? 'sha512' : 'sha256'
}

const ecdsaOids = new Map([
  ['sha1', '1.2.840.10045.4.1'],
  ['sha256', '1.2.840.10045.4.3.2'],
  ['sha384', '1.2.840.10045.4.3.3'],
  ['sha512', '1.2.840.10045.4.3.4'],
])
const rsaOids = new Map([
  ['md5', '1.2.840.113549.1.1.4'],
  ['sha1', '1.2.840.113549.1.1.5'],
  ['sha256', '1.2.840.113549.1.1.11'],
  ['sha384', '1.2.840.113549.1.1.12'],
  ['sha512', '1.2.840.113549.1.1.13'],
])

function identifierOf(key: TestKey, signing: Signing, digest: string | null): Uint8Array {
  if (key.kind === 'ed25519') return sequence(oid('1.3.101.112'))
  if (key.kind === 'ed448') return sequence(oid('1.3.101.113'))
  if (signing === 'pss' || key.kind === 'rsa-pss') return pssIdentifier()
  const isRsa = key.kind.startsWith('rsa')
  const found = (isRsa ? rsaOids : ecdsaOids).get(digest ?? '')
  if (found === undefined) throw new TypeError(`no ${signing} signature with ${key.kind}`)
  return isRsa ? sequence(oid(found), encodeDer(0x05)) : sequence(oid(found))
}

// RSASSA-PSS with SHA-256, MGF1 of it and a salt of 32 octets (RFC 4055 section 3.1).
function pssIdentifier(): Uint8Array {
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), encodeDer(0x05))
  const mask = sequence(oid('1.2.840.113549.1.1.8'), sha256)
  const salt = encodeDer(0x02, Uint8Array.of(32))
  const parameters = sequence(encodeDer(0xa0, sha256), encodeDer(0xa1, mask), encodeDer(0xa2, salt))
  return sequence(oid('1.2.840.113549.1.1.10'), parameters)
}
