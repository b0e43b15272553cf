import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { type Clock, newId, type Secret } from '@twinlatch/kit'
import type { Database } from './database.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'
import { type DataKeys, unwrapDataKey, wrapDataKey } from './seal.ts'

type Tables = {
  store_data_keys: { id: string; master_key_id: string; wrapped: string; created_at: string }
}

const keyBytes = 32

/**
 * Unwraps every data key, and makes a new active one when there is none or the newest is too old.
 * A master key that did not wrap them all is refused before anything is written with it.
 */
export async function loadDataKeys(
  database: Database,
  masterKey: Secret<Uint8Array>,
  clock: Clock,
): Promise<DataKeys> {
  const master = createSecretKey(masterKey.reveal())
  const masterId = masterKeyId(master)
  const tables = database.withTables<Tables>()
  const rows = await tables
    .selectFrom('store_data_keys')
    .select(['id', 'wrapped', 'created_at'])
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  const byId = new Map<string, KeyObject>()
  for (const row of rows) {
    const key = unwrapDataKey(master, masterId, row.id, row.wrapped)
    if (!key) {
      throw new StoreError(
        'store/wrong-master-key',
        'The master key is not the one this database was sealed with. Put the former key back.',
      )
    }
    byId.set(row.id, createSecretKey(key))
  }
  const newest = rows[0]
  const now = clock.now()
  const usable =
    newest && now.getTime() - Date.parse(newest.created_at) < storeLimits.dataKeyAgeMaxMs
  if (usable) return { activeId: newest.id, byId }
  const id = newId('key')
  const key = randomBytes(keyBytes)
  await tables
    .insertInto('store_data_keys')
    .values({
      id,
      master_key_id: masterId,
      wrapped: wrapDataKey(master, masterId, id, key),
      created_at: now.toISOString(),
    })
    .execute()
  byId.set(id, createSecretKey(key))
  return { activeId: id, byId }
}

/** A name for the master key that tells nothing about it; it has the form of every key id. */
function masterKeyId(master: KeyObject): string {
  const digest = createHmac('sha256', master).update('twinlatch master key id').digest('hex')
  return `key_${digest.slice(0, 32)}`
}
