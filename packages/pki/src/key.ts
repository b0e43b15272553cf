import { generateKeyPair as generate, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { PkiError } from './errors.ts'

/** Kinds of keys we make. */
export type KeyType = 'rsa2048' | 'rsa3072' | 'rsa4096' | 'ec-p256' | 'ec-p384' | 'ed25519'

/** Both halves of a key. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** Ready-made keys; each is handed out once and lives in memory only. */
export interface KeyPool {
  /** A fresh pair, at once when one of that type is ready. */
  take(type: KeyType): Promise<KeyPair>
  /** Stops filling and forgets what is ready; `take` then rejects with `pki/stopped`. */
  stop(): void
}

export interface KeyPoolOptions {
  /** The one type kept ready; the others are made when asked for. */
  readonly type: KeyType
  readonly size: number
}

const generateAsync = promisify(generate)

/** Makes a key pair in the thread pool: an RSA key takes up to half a second (pki.md section 10). */
export async function generateKeyPair(type: KeyType): Promise<KeyPair> {
  switch (type) {
    case 'rsa2048':
      return generateAsync('rsa', { modulusLength: 2048 })
    case 'rsa3072':
      return generateAsync('rsa', { modulusLength: 3072 })
    case 'rsa4096':
      return generateAsync('rsa', { modulusLength: 4096 })
    case 'ec-p256':
      return generateAsync('ec', { namedCurve: 'P-256' })
    case 'ec-p384':
      return generateAsync('ec', { namedCurve: 'P-384' })
    case 'ed25519':
      return generateAsync('ed25519')
  }
}

/**
 * Keeps `size` pairs of one type ready, made one at a time so that the thread pool stays free for
 * files and names.
 */
export function createKeyPool({ type, size }: KeyPoolOptions): KeyPool {
  const ready: KeyPair[] = []
  let filling = false
  let stopped = false

  async function fill(): Promise<void> {
    if (filling) return
    filling = true
    try {
      while (!stopped && ready.length < size) {
        const pair = await generateKeyPair(type)
        if (!stopped) ready.push(pair)
      }
    } catch {
      // The next `take` makes its own key and reports to the one who waits for it.
    } finally {
      filling = false
    }
  }

  void fill()
  return {
    async take(wanted) {
      if (stopped) throw new PkiError('pki/stopped', 'the key pool was stopped')
      const pair = wanted === type ? ready.shift() : undefined
      if (pair === undefined) return generateKeyPair(wanted)
      void fill()
      return pair
    },
    stop() {
      stopped = true
      ready.length = 0
    },
  }
}
