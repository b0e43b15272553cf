import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Sealer } from '@twinlatch/store'
import type { Kysely } from 'kysely'
import { tokenLimits } from './limits.ts'

/** Columns of `tokens_signing_keys`. */
interface SigningKeyTables {
  tokens_signing_keys: { id: string; sealed_private_key: string; created_at: string }
}

type SigningKeyDatabase = Kysely<SigningKeyTables>

/** A private key as stored; `kid` is its id in tokens and in the JWKS. */
export interface StoredSigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly createdAt: Date
}

/** Signing keys in the database, sealed. */
export interface SigningKeyStore {
  insert(database: SigningKeyDatabase, key: StoredSigningKey): Promise<void>
  /** All keys, oldest first. */
  list(database: SigningKeyDatabase): Promise<StoredSigningKey[]>
}

const table = 'tokens_signing_keys'

/** A store of signing keys sealed by `seal`. They are of the installation: no subaccount. */
export function createSigningKeyStore(seal: Sealer): SigningKeyStore {
  const sealContext = (id: string) => ({ table, subaccountId: '', id, field: 'private_key' })
  return {
    async insert(database, key) {
      const der = key.privateKey.export({ type: 'pkcs8', format: 'der' })
      try {
        await database
          .insertInto(table)
          .values({
            id: key.kid,
            sealed_private_key: seal.seal(der, sealContext(key.kid)),
            created_at: key.createdAt.toISOString(),
          })
          .execute()
      } finally {
        der.fill(0)
      }
    },
    async list(database) {
      const rows = await database
        .selectFrom(table)
        .select(['id', 'sealed_private_key', 'created_at'])
        .orderBy('created_at')
        .orderBy('id')
        .limit(tokenLimits.keysMax)
        .execute()
      return rows.map((row) => {
        const der = seal.open(row.sealed_private_key, sealContext(row.id))
        try {
          return {
            kid: row.id,
            privateKey: createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }),
            createdAt: new Date(row.created_at),
          }
        } finally {
          der.fill(0)
        }
      })
    },
  }
}
