import { newId } from '@twinlatch/kit'
import type { SealContext, Sealer } from '@twinlatch/store'
import type { Kysely } from 'kysely'
import type { Level } from './level.ts'

/** The two tables of this service; they have the same columns. */
export type ItemTable = 'destinations_destinations' | 'destinations_certificates'

interface ItemRow {
  id: string
  subaccount_id: string
  instance_id: string
  name: string
  sealed_body: string
  body_bytes: number
  etag: string
  created_at: string
  modified_at: string
}

/** The database as this service sees it. */
type ItemDatabase = Kysely<Record<ItemTable, ItemRow>>

/** What can be told of an item without opening it. */
export interface ItemHead {
  readonly id: string
  readonly name: string
  readonly bodyBytes: number
  readonly etag: string
  readonly modifiedAt: Date
}

/** Items of one table: every call names the level, and so the subaccount. */
export interface ItemStore {
  heads(database: ItemDatabase, level: Level): Promise<ItemHead[]>
  head(database: ItemDatabase, level: Level, name: string): Promise<ItemHead | null>
  /** The bodies of those `names` that exist, by name. */
  bodies(
    database: ItemDatabase,
    level: Level,
    names: readonly string[],
  ): Promise<(ItemHead & { body: string })[]>
  /** Keeps a new item; the answer is its id. */
  insert(database: ItemDatabase, level: Level, item: NewItem): Promise<string>
  /** Overwrites the item `id`, of this level, as a whole; the answer is that id. */
  replace(database: ItemDatabase, level: Level, id: string, item: NewItem): Promise<string>
  remove(database: ItemDatabase, level: Level, name: string): Promise<boolean>
}

/** An item to be stored; `body` is sealed before it reaches a row. */
export interface NewItem {
  readonly name: string
  readonly body: string
  readonly etag: string
  readonly at: Date
}

const headColumns = ['id', 'name', 'body_bytes', 'etag', 'modified_at'] as const

/** The item store of `table`, its bodies sealed by `seal`. */
export function createItemStore(table: ItemTable, idPrefix: string, seal: Sealer): ItemStore {
  return new SealedItemStore(table, idPrefix, seal)
}

class SealedItemStore implements ItemStore {
  readonly #table: ItemTable
  readonly #idPrefix: string
  readonly #seal: Sealer

  constructor(table: ItemTable, idPrefix: string, seal: Sealer) {
    this.#table = table
    this.#idPrefix = idPrefix
    this.#seal = seal
  }

  async heads(database: ItemDatabase, level: Level): Promise<ItemHead[]> {
    const rows = await this.#select(database, level).orderBy('name').execute()
    return rows.map(headOf)
  }

  async head(database: ItemDatabase, level: Level, name: string): Promise<ItemHead | null> {
    const row = await this.#select(database, level).where('name', '=', name).executeTakeFirst()
    return row ? headOf(row) : null
  }

  async bodies(database: ItemDatabase, level: Level, names: readonly string[]) {
    if (names.length === 0) return []
    const rows = await this.#select(database, level)
      .select('sealed_body')
      .where('name', 'in', [...names])
      .orderBy('name')
      .execute()
    return rows.map((row) => ({
      ...headOf(row),
      body: this.#seal.open(row.sealed_body, this.#place(level, row)).toString('utf8'),
    }))
  }

  async insert(database: ItemDatabase, level: Level, item: NewItem): Promise<string> {
    const id = newId(this.#idPrefix)
    await database
      .insertInto(this.#table)
      .values({
        id,
        subaccount_id: level.subaccountId,
        instance_id: level.instanceId ?? '',
        name: item.name,
        created_at: item.at.toISOString(),
        ...this.#changed(level, id, item),
      })
      .execute()
    return id
  }

  async replace(database: ItemDatabase, level: Level, id: string, item: NewItem): Promise<string> {
    await database
      .updateTable(this.#table)
      .set(this.#changed(level, id, item))
      .where('id', '=', id)
      .where('subaccount_id', '=', level.subaccountId)
      .where('instance_id', '=', level.instanceId ?? '')
      .execute()
    return id
  }

  async remove(database: ItemDatabase, level: Level, name: string): Promise<boolean> {
    const result = await database
      .deleteFrom(this.#table)
      .where('subaccount_id', '=', level.subaccountId)
      .where('instance_id', '=', level.instanceId ?? '')
      .where('name', '=', name)
      .executeTakeFirst()
    return result.numDeletedRows > 0n
  }

  #select(database: ItemDatabase, level: Level) {
    return database
      .selectFrom(this.#table)
      .select(headColumns)
      .where('subaccount_id', '=', level.subaccountId)
      .where('instance_id', '=', level.instanceId ?? '')
  }

  #changed(level: Level, id: string, item: NewItem) {
    return {
      sealed_body: this.#seal.seal(item.body, this.#place(level, { id, name: item.name })),
      body_bytes: Buffer.byteLength(item.body),
      etag: item.etag,
      modified_at: item.at.toISOString(),
    }
  }

  // Instance and name are part of the place, so that a sealed body moved to another level or put
  // under another name does not open.
  #place(level: Level, { id, name }: { id: string; name: string }): SealContext {
    return {
      table: this.#table,
      subaccountId: level.subaccountId,
      id: JSON.stringify([id, level.instanceId, name]),
      field: 'body',
    }
  }
}

function headOf(row: Pick<ItemRow, (typeof headColumns)[number]>): ItemHead {
  return {
    id: row.id,
    name: row.name,
    bodyBytes: Number(row.body_bytes),
    etag: row.etag,
    modifiedAt: new Date(row.modified_at),
  }
}
