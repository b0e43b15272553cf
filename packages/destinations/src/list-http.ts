import type { Context } from 'hono'
import type { z } from 'zod'
import { errorAnswer, type RouteEnvironment } from './answer-http.ts'
import type { CollectionDoor } from './collection-http.ts'
import { passesFilter } from './filter.ts'
import type { nameAnswer } from './http-answers.ts'
import type { ItemHead } from './item-store.ts'
import { levelOf } from './level.ts'
import { destinationLimits } from './limits.ts'
import { type ListQuery, pageHeaders, pageOf, parseListQuery } from './list-query.ts'
import { streamOf } from './list-stream.ts'

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
  if (parts.length < 2) return c.body(await wholeOf(texts), 200, { ...headers, ...json })
  // Hono answers HEAD by this route and would leave a stream where it is.
  if (c.req.method === 'HEAD') return c.body(null, 200, { ...headers, ...json })
  const release = door.readers.enter()
  if (!release) {
    return errorAnswer(429, 'too many long lists are being read', { 'Retry-After': '5' })
  }
  try {
    // Read before anything is answered, so that a refusal still has a status.
    const first = await texts.next()
    const stream = streamOf(first, texts, { release, log: door.log, path: door.path })
    return c.body(stream, 200, { ...headers, ...json })
  } catch (error) {
    release()
    throw error
  }
}

const json = { 'Content-Type': 'application/json' }

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

async function wholeOf(texts: AsyncGenerator<string, undefined>): Promise<string> {
  let text = ''
  for await (const piece of texts) text += piece
  return text
}
