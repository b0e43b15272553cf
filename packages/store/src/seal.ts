import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'

/**
 * Where a sealed value lives. It is authenticated with the value, so that one copied to another
 * row, column or tenant does not open there. (An older value of the same place still does.)
 */
export interface SealContext {
  readonly table: string
  readonly subaccountId: string
  readonly id: string
  readonly field: string
}

/** Encrypts what must not lie in a row, a log or a backup in the clear (architecture.md, rule 7). */
export interface Sealer {
  seal(plain: Uint8Array | string, context: SealContext): string
  /** The bytes, or `store/seal-broken`: altered, moved, or of a key that this database lacks. */
  open(sealed: string, context: SealContext): Buffer
}

/** The keys that values are sealed with, unwrapped. */
export interface DataKeys {
  readonly activeId: string
  readonly byId: ReadonlyMap<string, KeyObject>
}

/** The parts of a sealed text. `body` is the ciphertext and, in its last 16 bytes, the tag. */
export interface SealedParts {
  readonly keyId: string
  readonly nonce: Buffer
  readonly body: Buffer
}

const version = 'tl1'
/** NIST SP 800-38D section 8.2.2: a random nonce of 96 bits; section 5.2.1.2: the full tag. */
const nonceBytes = 12
const tagBytes = 16
/** Everything before the body, which may be long: a pattern over megabytes overflows the stack. */
const head = /^tl1\.(key_[0-9a-f]{32})\.([\w-]{16})\.$/
const headCharacters = 58

/**
 * So many characters at the beginning of a sealed text are of no other one: its key, and a nonce
 * that is never used twice. Who keeps what he opened knows by them whether it is still the same.
 */
export const sealedMarkCharacters = headCharacters

/**
 * Seals with AES-256-GCM under the active data key. The text says its own format and key:
 * `tl1.<key id>.<nonce>.<ciphertext and tag>`, both base64url, so that values of several keys lie
 * side by side and a change of the master key only wraps the data keys anew.
 */
export function createSealer(keys: DataKeys): Sealer {
  return {
    seal(plain, context) {
      const bytes = typeof plain === 'string' ? Buffer.from(plain, 'utf8') : plain
      if (bytes.byteLength > storeLimits.sealedBytesMax) {
        throw new StoreError(
          'store/value-too-large',
          `A secret value may have ${storeLimits.sealedBytesMax} bytes at most.`,
        )
      }
      const key = keys.byId.get(keys.activeId)
      if (!key) throw new TypeError('the active data key is not among the data keys')
      return encrypt(key, keys.activeId, bytes, placeOf(keys.activeId, context))
    },
    open(sealed, context) {
      const parts = parseSealed(sealed)
      if (!parts) throw broken(context, 'it has not the form of a sealed value')
      const key = keys.byId.get(parts.keyId)
      if (!key) throw broken(context, `its key ${parts.keyId} is not in this database`)
      const plain = decrypt(key, parts, placeOf(parts.keyId, context))
      if (!plain) throw broken(context, 'it was altered, or belongs to another place')
      return plain
    },
  }
}

/**
 * The parts of a sealed text, or nothing if it is not exactly of the form that `seal` writes:
 * every value has one spelling only, so that an altered one is an altered one.
 */
export function parseSealed(text: string): SealedParts | undefined {
  if (text.length > storeLimits.sealedBytesMax * 1.4) return undefined
  const [, keyId, nonceText] = head.exec(text.slice(0, headCharacters)) ?? []
  if (keyId === undefined || nonceText === undefined) return undefined
  const bodyText = text.slice(headCharacters)
  const nonce = Buffer.from(nonceText, 'base64url')
  const body = Buffer.from(bodyText, 'base64url')
  if (body.toString('base64url') !== bodyText) return undefined
  if (nonce.length !== nonceBytes || body.length < tagBytes) return undefined
  return { keyId, nonce, body }
}

/** Seals a data key under the master key, in the same format; its place is the key's own id. */
export function wrapDataKey(
  masterKey: KeyObject,
  masterKeyId: string,
  id: string,
  dataKey: Buffer,
) {
  return encrypt(masterKey, masterKeyId, dataKey, wrapPlaceOf(masterKeyId, id))
}

/** The data key in `wrapped`, or nothing if this master key did not wrap it for this id. */
export function unwrapDataKey(
  masterKey: KeyObject,
  masterKeyId: string,
  id: string,
  wrapped: string,
): Buffer | undefined {
  const parts = parseSealed(wrapped)
  if (parts?.keyId !== masterKeyId) return undefined
  return decrypt(masterKey, parts, wrapPlaceOf(masterKeyId, id))
}

// JSON of a fixed list: no two places have the same text, whatever their parts contain.
function placeOf(keyId: string, { table, subaccountId, id, field }: SealContext): string {
  return JSON.stringify([version, keyId, 'value', table, subaccountId, id, field])
}

function wrapPlaceOf(masterKeyId: string, id: string): string {
  return JSON.stringify([version, masterKeyId, 'data-key', id])
}

function encrypt(key: KeyObject, keyId: string, plain: Uint8Array, place: string): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(place, 'utf8'))
  const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return `${version}.${keyId}.${nonce.toString('base64url')}.${body.toString('base64url')}`
}

function decrypt(key: KeyObject, { nonce, body }: SealedParts, place: string): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(place, 'utf8'))
  decipher.setAuthTag(body.subarray(body.length - tagBytes))
  try {
    return Buffer.concat([
      decipher.update(body.subarray(0, body.length - tagBytes)),
      decipher.final(),
    ])
  } catch {
    // Node reports a wrong tag only by throwing; there is no detail in it to pass on.
    return undefined
  }
}

function broken({ table, field, id }: SealContext, reason: string): StoreError {
  return new StoreError('store/seal-broken', `${table}.${field} of ${id} does not open: ${reason}.`)
}
