import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Clock, type Logger, newId } from '@twinlatch/kit'
import { generateKeyPair } from '@twinlatch/pki'
import type { Store } from '@twinlatch/store'
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
  /** The public key named `kid`, also one that another process made since; nothing if unknown. */
  find(kid: string): Promise<KeyObject | undefined>
  /** All public keys, for the JWKS. */
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
  const { store } = deps
  const keyStore = createSigningKeyStore(store.seal)
  let keys = await keyStore.list(store.database)
  if (keys.length === 0) keys = await makeFirstKey(deps)

  const reload = async () => {
    keys = await keyStore.list(store.database)
  }
  const known = (kid: string) => keys.find((key) => key.kid === kid)
  return {
    current: () => currentOf(keys),
    async find(kid) {
      // Ids of ours only: foreign ones would make every bad token a query.
      if (!known(kid) && /^key_[0-9a-f]{32}$/.test(kid)) await reload()
      const key = known(kid)
      return key && createPublicKey(key.privateKey)
    },
    async publish() {
      await reload()
      return keys.map(publicJwk)
    },
    verificationKey: () =>
      createPublicKey(currentOf(keys).privateKey)
        .export({ type: 'spki', format: 'pem' })
        .toString(),
  }
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
function currentOf(keys: readonly StoredSigningKey[]): StoredSigningKey {
  const [key] = keys
  if (!key) throw new TypeError('there is no signing key')
  return key
}

function publicJwk(key: StoredSigningKey): PublicJwk {
  const { n, e } = createPublicKey(key.privateKey).export({ format: 'jwk' })
  if (!n || !e) throw new TypeError(`signing key ${key.kid} is not an RSA key`)
  return { kty: 'RSA', kid: key.kid, use: 'sig', alg: 'RS256', n, e }
}
