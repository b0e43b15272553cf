import type { Clock } from '@twinlatch/kit'
import type { AuditSink, Database, Store } from '@twinlatch/store'
import { DestinationsError, notFound } from './errors.ts'
import { newEtag } from './etag.ts'
import {
  createItemStore,
  type ItemHead,
  type ItemStore,
  type ItemTable,
  type NewItem,
} from './item-store.ts'
import { type Level, levelNameOf } from './level.ts'

/** What holds for every item of a kind. */
interface ItemRules {
  /** First part of audit actions: `destination.created`. */
  readonly noun: 'destination' | 'certificate'
  readonly table: ItemTable
  readonly idPrefix: string
  /** Reading hands out key material, so every read leaves an audit row, or fails. */
  readonly auditedRead: boolean
  readonly perLevelMax: number
  readonly bytesPerLevelMax: number
}

/** One kind of item: how it is stored, how much of it, and what reading it means. */
export interface ItemKind<Item extends { readonly name: string }> extends ItemRules {
  readonly encode: (item: Item) => string
  readonly decode: (name: string, body: string) => Item
}

/** An item as it is stored. */
export interface Stored<Item> extends ItemHead {
  readonly item: Item
}

/** An entry of a call that failed before it could be stored. */
export interface Unusable {
  readonly name: string
  readonly error: DestinationsError
}

/** What became of one entry: an ETag, or why not. */
export type Written = { readonly name: string; readonly etag: string } | Unusable

/** Items of one kind on every level of every subaccount. */
export interface Collection<Item extends { readonly name: string }> {
  heads(level: Level): Promise<ItemHead[]>
  head(level: Level, name: string): Promise<ItemHead | null>
  /** Those of `names` that exist. `purpose` goes into the audit row of an audited read. */
  read(
    level: Level,
    actor: string,
    names: readonly string[],
    purpose?: string,
  ): Promise<Stored<Item>[]>
  /**
   * Stores every usable entry in one transaction and says what became of each: `create` refuses
   * names that exist, `replace` those that do not.
   */
  write(
    mode: 'create' | 'replace',
    level: Level,
    actor: string,
    entries: readonly (Item | Unusable)[],
  ): Promise<Written[]>
  /** Removes what exists of `names`; the answer says which did. */
  remove(
    level: Level,
    actor: string,
    names: readonly string[],
  ): Promise<{ readonly name: string; readonly removed: boolean }[]>
}

/** What collections need of the rest of the server. */
export interface CollectionDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
}

/** The collection of `kind` on a migrated store. */
export function createCollection<Item extends { readonly name: string }>(
  kind: ItemKind<Item>,
  deps: CollectionDeps,
): Collection<Item> {
  const { store } = deps
  const items = createItemStore(kind.table, kind.idPrefix, store.seal)
  const storedOf = ({ body, ...head }: ItemHead & { body: string }): Stored<Item> => ({
    ...head,
    item: kind.decode(head.name, body),
  })

  return {
    heads: (level) => items.heads(store.database, level),
    head: (level, name) => items.head(store.database, level, name),
    async read(level, actor, names, purpose) {
      if (!kind.auditedRead) {
        return (await items.bodies(store.database, level, names)).map(storedOf)
      }
      return store.transaction(async (database) => {
        const found = await items.bodies(database, level, names)
        for (const { name } of found) {
          const detail = purpose === undefined ? {} : { purpose }
          await record(deps, database, kind, { level, actor, verb: 'read', name, detail })
        }
        return found.map(storedOf)
      })
    },
    write: (mode, level, actor, entries) =>
      store.transaction(async (database) => {
        const writer = await openWriter({ mode, kind, items, deps, database, level, actor })
        const written: Written[] = []
        for (const entry of entries) {
          written.push(
            'error' in entry ? entry : await writer.write(entry.name, kind.encode(entry)),
          )
        }
        return written
      }),
    remove: (level, actor, names) =>
      store.transaction(async (database) => {
        const outcomes: { name: string; removed: boolean }[] = []
        for (const name of new Set(names)) {
          const removed = await items.remove(database, level, name)
          if (removed) {
            await record(deps, database, kind, { level, actor, verb: 'deleted', name, detail: {} })
          }
          outcomes.push({ name, removed })
        }
        return outcomes
      }),
  }
}

/** Writes item after item within one transaction, and keeps count of what the level holds. */
async function openWriter(context: {
  mode: 'create' | 'replace'
  kind: ItemRules
  items: ItemStore
  deps: CollectionDeps
  database: Database
  level: Level
  actor: string
}): Promise<{ write(name: string, body: string): Promise<Written> }> {
  const { mode, kind, items, deps, database, level, actor } = context
  const held = new Map<string, { id: string; bodyBytes: number }>()
  for (const head of await items.heads(database, level)) held.set(head.name, head)
  return {
    async write(name, body) {
      const existing = held.get(name)
      const error = refusal(mode, kind, held, name, body)
      if (error) return { name, error }
      const next: NewItem = { name, body, etag: newEtag(), at: deps.clock.now() }
      const id = existing
        ? await items.replace(database, level, existing.id, next)
        : await items.insert(database, level, next)
      held.set(name, { id, bodyBytes: Buffer.byteLength(body) })
      const verb = existing ? 'updated' : 'created'
      await record(deps, database, kind, { level, actor, verb, name, detail: {} })
      return { name, etag: next.etag }
    },
  }
}

function refusal(
  mode: 'create' | 'replace',
  kind: ItemRules,
  held: ReadonlyMap<string, { bodyBytes: number }>,
  name: string,
  body: string,
): DestinationsError | undefined {
  const existing = held.get(name)
  if (mode === 'create' && existing) {
    return new DestinationsError(
      'destinations/name-taken',
      `a ${kind.noun} named ${name} exists already`,
    )
  }
  if (mode === 'replace' && !existing) return notFound()
  if (!existing && held.size >= kind.perLevelMax) {
    return new DestinationsError(
      'destinations/too-many',
      `a level holds at most ${kind.perLevelMax} ${kind.noun}s; delete some`,
    )
  }
  let bytes = Buffer.byteLength(body) - (existing?.bodyBytes ?? 0)
  for (const { bodyBytes } of held.values()) bytes += bodyBytes
  if (bytes > kind.bytesPerLevelMax) {
    return new DestinationsError(
      'destinations/too-many',
      `the ${kind.noun}s of a level have at most ${kind.bytesPerLevelMax} bytes; delete some`,
    )
  }
  return undefined
}

function record(
  { audit }: CollectionDeps,
  database: Database,
  kind: ItemRules,
  what: {
    level: Level
    actor: string
    verb: 'read' | 'created' | 'updated' | 'deleted'
    name: string
    detail: Record<string, string>
  },
): Promise<void> {
  return audit.record(database, {
    subaccountId: what.level.subaccountId,
    actor: what.actor,
    action: `${kind.noun}.${what.verb}`,
    target: what.name,
    detail: {
      level: levelNameOf(what.level),
      instanceId: what.level.instanceId,
      ...what.detail,
    },
  })
}
