import type { Context } from 'hono'
import type { z } from 'zod'
import type { RouteEnvironment } from './answer-http.ts'
import type { CollectionDoor } from './collection-http.ts'
import { passesFilter } from './filter.ts'
import type { nameAnswer } from './http-answers.ts'
import type { ItemHead } from './item-store.ts'
import { levelOf } from './level.ts'
import { destinationLimits } from './limits.ts'
import { type ListQuery, pageHeaders, pageOf, parseListQuery } from './list-query.ts'

/**
 * The list of a collection. What is larger than one part is read part by part as the client takes
 * it, so that many slow readers of a full level hold a part each and not the level. Each part is
 * what is stored when it is read, and its audit rows are written before it is sent.
 */
export async function answerList<Item extends { readonly name: string }>(
  c: Context<RouteEnvironment>,
  door: CollectionDoor<Item>,
): Promise<Response> {
  const query = parseListQuery(new URL(c.req.url).searchParams, door.items)
  const level = levelOf(c.var.caller, door.level)
  const all = await door.collection.heads(level)
  const { filter } = query
  const page = pageOf(filter ? all.filter((h) => passesFilter(filter, h, door.now())) : all, query)
  const headers = pageHeaders(query, page, door.path)
  if (query.namesOnly) {
    const names = page.items.map(({ name }): z.infer<typeof nameAnswer> => ({ Name: name }))
    return c.json(names, 200, headers)
  }
  const actor = c.var.caller.name
  const parts = partsOf(page.items)
  const texts = jsonArray(parts, async (names) => {
    const stored = await door.collection.read(level, actor, names)
    return stored.map((each) => ({ ...door.render(each.item), ...metadataOf(each, query) }))
  })
  // Read before anything is answered, so that a refusal still has a status.
  const first = await texts.next()
  const body = parts.length > 1 ? streamOf(first, texts, door) : await rest(first, texts)
  return c.body(body, 200, { ...headers, 'Content-Type': 'application/json' })
}

function metadataOf(head: ItemHead, { metadata }: ListQuery): object {
  if (!metadata.etag && !metadata.modificationTime) return {}
  return {
    $metadata: {
      ...(metadata.modificationTime ? { modification_time: head.modifiedAt.toISOString() } : {}),
      ...(metadata.etag ? { etag: head.etag } : {}),
    },
  }
}

/** Names of `items`, so many together as fit into one part; a larger item is one by itself. */
function partsOf(items: readonly ItemHead[]): string[][] {
  const parts: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const { name, bodyBytes } of items) {
    if (bytes + bodyBytes > destinationLimits.listPartBytes) {
      parts.push([])
      bytes = 0
    }
    bytes += bodyBytes
    parts.at(-1)?.push(name)
  }
  return parts
}

/** The text of one JSON array, in pieces. */
async function* jsonArray(
  parts: readonly (readonly string[])[],
  read: (names: readonly string[]) => Promise<object[]>,
): AsyncGenerator<string, undefined> {
  let before = '['
  for (const names of parts) {
    const items = await read(names)
    // They may have been deleted since they were listed.
    if (items.length === 0) continue
    yield before + items.map((item) => JSON.stringify(item)).join(',')
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

async function rest(
  first: IteratorResult<string, undefined>,
  texts: AsyncGenerator<string, undefined>,
): Promise<string> {
  let text = first.value ?? ''
  for await (const piece of texts) text += piece
  return text
}

function streamOf<Item extends { readonly name: string }>(
  first: IteratorResult<string, undefined>,
  texts: AsyncGenerator<string, undefined>,
  { log, path }: CollectionDoor<Item>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let next: Promise<IteratorResult<string, undefined>> | null = Promise.resolve(first)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await (next ?? texts.next())
          next = null
          if (done || value === undefined) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          // The status is out: the client sees an answer that breaks off.
          log.error({ event: 'destinations.list-broken-off', path, err: error }, 'a list broke off')
          controller.error(error)
        }
      },
      async cancel() {
        await texts.return(undefined)
      },
    },
    // Nothing is read before somebody takes it.
    { highWaterMark: 0 },
  )
}
