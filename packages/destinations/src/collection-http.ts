import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from '@twinlatch/kit'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import {
  conditionalAnswer,
  errorAnswer,
  type RouteEnvironment,
  statusOfError,
} from './answer-http.ts'
import type { Collection, Stored, Unusable, Written } from './collection.ts'
import { DestinationsError, notFound } from './errors.ts'
import { parseFilter } from './filter.ts'
import type { bulkAnswer } from './http-answers.ts'
import { type LevelName, levelOf } from './level.ts'
import { destinationLimits } from './limits.ts'
import { answerList } from './list-http.ts'
import type { ListReaders } from './list-stream.ts'
import { isItemName } from './names.ts'

/** How the items of one collection travel. */
export interface CollectionDoor<Item extends { readonly name: string }> {
  readonly collection: Collection<Item>
  readonly items: 'destinations' | 'certificates'
  /** Path of the collection below `/v1`: `subaccountDestinations`. */
  readonly path: string
  readonly level: LevelName
  readonly bodyBytesMax: number
  readonly now: () => Date
  readonly log: Logger
  /** Shared by all collections. */
  readonly readers: ListReaders
  readonly parse: (json: unknown) => Item | Promise<Item>
  readonly render: (item: Item) => Record<string, unknown>
}

/** The collection API of section 2, the same for destinations and certificates on both levels. */
export function collectionRoutes<Item extends { readonly name: string }>(
  door: CollectionDoor<Item>,
): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  const tooLarge = () => errorAnswer(413, `a body has at most ${door.bodyBytesMax} bytes`)
  const limit = bodyLimit({ maxSize: door.bodyBytesMax, onError: tooLarge })
  app.get('/', (c) => answerList(c, door))
  app.post('/', limit, (c) => answerWrite(c, door, 'create'))
  app.put('/', limit, (c) => answerWrite(c, door, 'replace'))
  app.delete('/', (c) => answerBulkDelete(c, door))
  app.get('/:name', (c) => answerItem(c, door, c.req.param('name')))
  app.delete('/:name', (c) => answerDelete(c, door, c.req.param('name')))
  return app
}

/** The stored item `name` or the conditional answer; a name nobody can have is not found. */
export async function readItem<Item extends { readonly name: string }>(
  c: Context<RouteEnvironment>,
  door: CollectionDoor<Item>,
  name: string,
): Promise<Stored<Item> | Response> {
  const level = levelOf(c.var.caller, door.level)
  const head = isItemName(name) ? await door.collection.head(level, name) : null
  if (!head) throw notFound()
  // Before the read: an answer without content hands nothing out and needs no audit row.
  const conditional = conditionalAnswer(c, head.etag)
  if (conditional) return conditional
  const [stored] = await door.collection.read(level, c.var.caller.name, [name])
  if (!stored) throw notFound()
  return stored
}

async function answerItem<Item extends { readonly name: string }>(
  c: Context<RouteEnvironment>,
  door: CollectionDoor<Item>,
  name: string,
): Promise<Response> {
  const stored = await readItem(c, door, name)
  if (stored instanceof Response) return stored
  return c.json(door.render(stored.item), 200, { ETag: `"${stored.etag}"` })
}

async function answerWrite<Item extends { readonly name: string }>(
  c: Context<RouteEnvironment>,
  door: CollectionDoor<Item>,
  mode: 'create' | 'replace',
): Promise<Response> {
  const level = levelOf(c.var.caller, door.level)
  const json = parseJson(c.req.header('content-type') ?? '', await c.req.text())
  const actor = c.var.caller.name
  if (!Array.isArray(json)) {
    const item = await door.parse(json)
    const [written] = await door.collection.write(mode, level, actor, [item])
    if (written && 'error' in written) throw written.error
    return mode === 'create' ? c.body(null, 201) : c.json({ Count: 1 })
  }
  if (json.length > destinationLimits.bulkEntriesMax) {
    throw new DestinationsError(
      'destinations/malformed-request',
      `a bulk call has at most ${destinationLimits.bulkEntriesMax} entries`,
    )
  }
  const entries: (Item | Unusable)[] = []
  for (const element of json) {
    entries.push(await parseElement(door, element))
    // A file of certificates takes a tenth of a second to parse: others go on in between.
    await nextTurn()
  }
  const written = await door.collection.write(mode, level, actor, entries)
  const success = mode === 'create' ? 201 : 200
  const isMixed = written.some((each) => 'error' in each)
  return c.json(
    written.map((each) => renderWritten(each, success)),
    isMixed ? 207 : success,
  )
}

async function parseElement<Item extends { readonly name: string }>(
  door: CollectionDoor<Item>,
  element: unknown,
): Promise<Item | Unusable> {
  try {
    return await door.parse(element)
  } catch (error) {
    if (!(error instanceof DestinationsError)) throw error
    return { name: nameIn(element), error }
  }
}

function nameIn(element: unknown): string {
  const name = typeof element === 'object' && element && 'Name' in element ? element.Name : ''
  return typeof name === 'string' ? name.slice(0, 200) : ''
}

function renderWritten(written: Written, success: 200 | 201): z.infer<typeof bulkAnswer>[number] {
  return 'error' in written
    ? { name: written.name, status: statusOfError(written.error), cause: written.error.message }
    : { name: written.name, status: success, etag: written.etag }
}

async function answerBulkDelete<Item extends { readonly name: string }>(
  c: Context<RouteEnvironment>,
  door: CollectionDoor<Item>,
): Promise<Response> {
  const filters = new URL(c.req.url).searchParams.getAll('$filter')
  const [text] = filters
  // Without one, a slip of the hand would delete everything.
  if (filters.length !== 1 || text === undefined) {
    throw new DestinationsError(
      'destinations/malformed-request',
      "$filter is needed: Name in ('a')",
    )
  }
  const filter = parseFilter(text)
  if (filter.kind !== 'names') {
    throw new DestinationsError('destinations/malformed-request', "$filter must be Name in ('a')")
  }
  const level = levelOf(c.var.caller, door.level)
  const outcomes = await door.collection.remove(level, c.var.caller.name, filter.names)
  return c.json({
    Count: outcomes.filter(({ removed }) => removed).length,
    Summary: outcomes.map(({ name, removed }) =>
      removed
        ? { name, status: 'DELETED' }
        : { name, status: 'NOT_FOUND', reason: notFound().message },
    ),
  })
}

async function answerDelete<Item extends { readonly name: string }>(
  c: Context<RouteEnvironment>,
  door: CollectionDoor<Item>,
  name: string,
): Promise<Response> {
  const level = levelOf(c.var.caller, door.level)
  const [outcome] = await door.collection.remove(level, c.var.caller.name, [name])
  if (!outcome?.removed) throw notFound()
  return c.json({ Count: 1 })
}

// No cause: the message of JSON.parse quotes the text, which may hold a password.
function parseJson(contentType: string, text: string): unknown {
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw new DestinationsError(
      'destinations/malformed-request',
      'the Content-Type must be application/json',
    )
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new DestinationsError('destinations/malformed-request', 'the body is not JSON')
  }
}
