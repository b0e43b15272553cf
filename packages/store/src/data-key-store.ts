import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { type Clock, newId, type Secret } from '@twinlatch/kit'
import type { Database } from './database.ts'
import { StoreError } from './errors.ts'
import { storeLimits } from './limits.ts'
import { type DataKeys, unwrapDataKey, wrapDataKey } from './seal.ts'
import type { RunTransaction } from './transaction.ts'

type Row = { id: string; master_key_id: string; wrapped: string; created_at: string }
type Tables = { store_data_keys: Row }

const keyBytes = 32

/** The data keys of a database, which other processes may add to. */
export interface DataKeyRing extends DataKeys {
  /** Reads them again; those known stay if that fails. */
  reload(): Promise<void>
}

/** What the data keys of a database are opened with. */
interface DataKeyOptions {
  readonly database: Database
  readonly transaction: RunTransaction
  readonly masterKey: Secret<Uint8Array>
  readonly clock: Clock
  /** Age below which a key seals nothing, unless all are younger. */
  readonly settleMs: number
  /** Called in the transaction that stores a new key. */
  created(database: Database): Promise<void>
}

interface DataKey {
  readonly id: string
  readonly createdAtMs: number
  readonly key: KeyObject
}

/**
 * Unwraps every data key, and makes a new one when there is none or the newest is too old. A master
 * key that did not wrap them all is refused before anything is written with it.
 */
export async function openDataKeys(options: DataKeyOptions): Promise<DataKeyRing> {
  const { database, transaction, masterKey, clock, settleMs } = options
  const master = createSecretKey(masterKey.reveal())
  let keys = await readDataKeys(database, master)
  if (!isFresh(keys[0], clock)) {
    keys = await transaction(async (handle) => {
      // Another process may have been faster.
      const current = await readDataKeys(handle, master)
      if (isFresh(current[0], clock)) return current
      const added = await insertDataKey(handle, master, clock.now())
      await options.created(handle)
      return [added, ...current]
    })
  }
  let byId = indexed(keys)
  return {
    get activeId() {
      const settledMs = clock.now().getTime() - settleMs
      return (keys.find(({ createdAtMs }) => createdAtMs <= settledMs) ?? keys.at(-1))?.id ?? ''
    },
    get byId() {
      return byId
    },
    async reload() {
      keys = await readDataKeys(database, master)
      byId = indexed(keys)
    },
  }
}

/**
 * Wraps every data key with `to` instead of `from`: all, in the open transaction, or none. Sealed
 * values stay as they are.
 */
export async function rewrapDataKeys(
  database: Database,
  from: Secret<Uint8Array>,
  to: Secret<Uint8Array>,
): Promise<number> {
  const keys = await readDataKeys(database, createSecretKey(from.reveal()))
  const master = createSecretKey(to.reveal())
  const masterId = masterKeyId(master)
  for (const { id, key } of keys) {
    const wrapped = wrapDataKey(master, masterId, id, key.export())
    await database
      .withTables<Tables>()
      .updateTable('store_data_keys')
      .set({ master_key_id: masterId, wrapped })
      .where('id', '=', id)
      .execute()
  }
  return keys.length
}

/** Whether there are data keys, and `masterKey` wrapped them all. */
export async function opensDataKeys(
  database: Database,
  masterKey: Secret<Uint8Array>,
): Promise<boolean> {
  try {
    return (await readDataKeys(database, createSecretKey(masterKey.reveal()))).length > 0
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store/wrong-master-key') return false
    throw error
  }
}

/** Newest first. */
async function readDataKeys(database: Database, master: KeyObject): Promise<DataKey[]> {
  const masterId = masterKeyId(master)
  const rows = await database
    .withTables<Tables>()
    .selectFrom('store_data_keys')
    .select(['id', 'wrapped', 'created_at'])
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map(({ id, wrapped, created_at }) => {
    const key = unwrapDataKey(master, masterId, id, wrapped)
    if (!key) {
      throw new StoreError(
        'store/wrong-master-key',
        'The master key is not the one this database was sealed with. Put the former key back.',
      )
    }
    return { id, createdAtMs: Date.parse(created_at), key: createSecretKey(key) }
  })
}

async function insertDataKey(database: Database, master: KeyObject, now: Date): Promise<DataKey> {
  const id = newId('key')
  const key = randomBytes(keyBytes)
  const masterId = masterKeyId(master)
  await database
    .withTables<Tables>()
    .insertInto('store_data_keys')
    .values({
      id,
      master_key_id: masterId,
      wrapped: wrapDataKey(master, masterId, id, key),
      created_at: now.toISOString(),
    })
    .execute()
  return { id, createdAtMs: now.getTime(), key: createSecretKey(key) }
}

function isFresh(newest: DataKey | undefined, clock: Clock): boolean {
  if (!newest) return false
  return clock.now().getTime() - newest.createdAtMs < storeLimits.dataKeyAgeMaxMs
}

function indexed(keys: readonly DataKey[]): ReadonlyMap<string, KeyObject> {
  return new Map(keys.map(({ id, key }) => [id, key]))
}

/** A name for the master key that tells nothing about it; it has the form of every key id. */
export function masterKeyId(master: KeyObject): string {
  const digest = createHmac('sha256', master).update('twinlatch master key id').digest('hex')
  return `key_${digest.slice(0, 32)}`
}
