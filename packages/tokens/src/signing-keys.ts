import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Clock, type Logger, newId } from '@twinlatch/kit'
import { generateKeyPair } from '@twinlatch/pki'
import type { Store } from '@twinlatch/store'
import { tokenLimits } from './limits.ts'
import { createSigningKeyStore, type StoredSigningKey } from './signing-key-store.ts'

/** A public key as clients import it (RFC 7517); every entry is a complete RSA key. */
export interface PublicJwk {
  readonly kty: 'RSA'
  readonly kid: string
  readonly use: 'sig'
  readonly alg: 'RS256'
  readonly n: string
  readonly e: string
}

/** The keys that sign access tokens (RS256). */
export interface SigningKeys {
  /** The key that signs now. */
  current(): { kid: string; privateKey: KeyObject }
  /**
   * The public key named `kid`, also one that another process made since; nothing if unknown. The
   * store is asked at most once in `keyReloadMs`, so a new key may be unknown for that long.
   */
  find(kid: string): Promise<KeyObject | undefined>
  /** All public keys, for the JWKS; as fresh as `find`. */
  publish(): Promise<PublicJwk[]>
  /** SPKI PEM of the current public key: `verificationkey` of a binding. */
  verificationKey(): string
}

/**
 * The signing keys of this installation, of which one is made if there is none. Keys are never
 * taken from a token or its `jku` (token-service.md section 5).
 */
export async function openSigningKeys(deps: {
  store: Store
  clock: Clock
  log: Logger
}): Promise<SigningKeys> {
  const { store, clock } = deps
  const keyStore = createSigningKeyStore(store.seal)
  const first = await keyStore.list(store.database)
  let keys = (first.length > 0 ? first : await makeFirstKey(deps)).map(loaded)
  let loadedAtMs = clock.now().getTime()
  let loading: Promise<void> | null = null

  const load = async () => {
    try {
      keys = (await keyStore.list(store.database)).map(loaded)
    } catch (error) {
      // Nothing was unsealed, and whoever asks next must not be told that a key does not exist.
      loadedAtMs = Number.NEGATIVE_INFINITY
      throw error
    }
  }
  // Strangers call for it, by an invented key id or by reading the key set: it opens every key.
  const refresh = async () => {
    const nowMs = clock.now().getTime()
    if (loading === null && Math.abs(nowMs - loadedAtMs) < tokenLimits.keyReloadMs) return
    loadedAtMs = nowMs
    loading ??= load().finally(() => {
      loading = null
    })
    await loading
  }
  const known = (kid: string) => keys.find((key) => key.kid === kid)
  return {
    current: () => currentOf(keys),
    async find(kid) {
      // Ids of ours only: foreign ones need not even be looked for.
      if (!known(kid) && /^key_[0-9a-f]{32}$/.test(kid)) await refresh()
      return known(kid)?.publicKey
    },
    async publish() {
      await refresh()
      return keys.map(({ jwk }) => jwk)
    },
    verificationKey: () =>
      currentOf(keys).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** A key with what is derived from it, once. */
interface LoadedKey extends StoredSigningKey {
  readonly publicKey: KeyObject
  readonly jwk: PublicJwk
}

function loaded(key: StoredSigningKey): LoadedKey {
  const publicKey = createPublicKey(key.privateKey)
  return { ...key, publicKey, jwk: publicJwk(key.kid, publicKey) }
}

async function makeFirstKey(deps: {
  store: Store
  clock: Clock
  log: Logger
}): Promise<StoredSigningKey[]> {
  const { store, clock, log } = deps
  const keyStore = createSigningKeyStore(store.seal)
  const { privateKey } = await generateKeyPair('rsa2048')
  const key = { kid: newId('key'), privateKey, createdAt: clock.now() }
  return store.transaction(async (database) => {
    // Another process may have been faster while ours generated.
    const others = await keyStore.list(database)
    if (others.length > 0) return others
    await keyStore.insert(database, key)
    log.info({ event: 'signing-key.created', kid: key.kid }, 'signing key created')
    return [key]
  })
}

// The oldest signs: a newer one, made by hand or by a later version, may not be known to clients yet.
function currentOf(keys: readonly LoadedKey[]): LoadedKey {
  const [key] = keys
  if (!key) throw new TypeError('there is no signing key')
  return key
}

function publicJwk(kid: string, publicKey: KeyObject): PublicJwk {
  const { n, e } = publicKey.export({ format: 'jwk' })
  if (!n || !e) throw new TypeError(`signing key ${kid} is not an RSA key`)
  return { kty: 'RSA', kid, use: 'sig', alg: 'RS256', n, e }
}
