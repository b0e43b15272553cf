import { hash } from 'node:crypto'
import { cpuTurn } from './cpu-turn.ts'

/** Hashes a PKCS#12 key derivation may use, by the name `node:crypto` gives them. */
export type KdfHash = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

/** What the derived bytes are for: the ID of RFC 7292 appendix B.3. */
export type KdfPurpose = 'key' | 'iv' | 'mac'

/** Output length and block length of a hash in bytes: `u` and `v` of RFC 7292 appendix B.2. */
export const kdfHashSizes: ReadonlyMap<KdfHash, { outputBytes: number; blockBytes: number }> =
  new Map([
    ['sha1', { outputBytes: 20, blockBytes: 64 }],
    ['sha224', { outputBytes: 28, blockBytes: 64 }],
    ['sha256', { outputBytes: 32, blockBytes: 64 }],
    ['sha384', { outputBytes: 48, blockBytes: 128 }],
    ['sha512', { outputBytes: 64, blockBytes: 128 }],
  ])

/** What a derivation starts from; `password` is already encoded (see `bmpPassword`). */
export interface KdfInput {
  readonly hash: KdfHash
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
}

// About 4 ms of hashing on a slow core: an order of magnitude under the 50 ms that anybody may wait.
const hashesPerSlice = 4096

const purposeIds: ReadonlyMap<KdfPurpose, number> = new Map([
  ['key', 1],
  ['iv', 2],
  ['mac', 3],
])

/**
 * Password as the old key derivation wants it: UTF-16BE and two zero bytes (RFC 7292 appendix B.1).
 * The empty password has a second form, no bytes at all, which the caller makes itself.
 */
export function bmpPassword(password: string): Uint8Array {
  return Buffer.from(`${password}\0`, 'utf16le').swap16()
}

/**
 * `length` bytes derived by RFC 7292 appendix B.2. There is no native form of this loop, so it runs
 * in slices that yield to the event loop; the caller has checked iterations, salt and password
 * against the limits before.
 */
export async function derivePkcs12(
  input: KdfInput,
  purpose: KdfPurpose,
  length: number,
): Promise<Uint8Array> {
  const sizes = kdfHashSizes.get(input.hash)
  if (!sizes) throw new TypeError(`no sizes for ${input.hash}`)
  const { outputBytes, blockBytes } = sizes
  const diversifier = Buffer.alloc(blockBytes, purposeIds.get(purpose) ?? 0)
  const state = Buffer.concat([
    repeatToBlocks(input.salt, blockBytes),
    repeatToBlocks(input.password, blockBytes),
  ])
  const derived = Buffer.alloc(Math.ceil(length / outputBytes) * outputBytes)
  for (let at = 0; at < length; at += outputBytes) {
    const block = await hashRepeatedly(
      input.hash,
      Buffer.concat([diversifier, state]),
      input.iterations,
    )
    derived.set(block, at)
    addToEachBlock(state, block, blockBytes)
  }
  state.fill(0)
  return derived.subarray(0, length)
}

async function hashRepeatedly(name: KdfHash, first: Buffer, times: number): Promise<Buffer> {
  let digest = first
  for (let done = 0; done < times; ) {
    await cpuTurn()
    for (const end = Math.min(times, done + hashesPerSlice); done < end; done++) {
      digest = hash(name, digest, 'buffer')
    }
  }
  return digest
}

function repeatToBlocks(bytes: Uint8Array, blockBytes: number): Buffer {
  const filled = Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes)
  for (let i = 0; i < filled.length; i++) filled[i] = bytes[i % bytes.length] ?? 0
  return filled
}

// Step 6C: every block of the state becomes (block + digest repeated + 1) mod 2^(8v), big-endian.
function addToEachBlock(state: Buffer, digest: Uint8Array, blockBytes: number): void {
  for (let start = 0; start < state.length; start += blockBytes) {
    let carry = 1
    for (let i = blockBytes - 1; i >= 0; i--) {
      carry += (state[start + i] ?? 0) + (digest[i % digest.length] ?? 0)
      state[start + i] = carry & 0xff
      carry >>= 8
    }
  }
}
