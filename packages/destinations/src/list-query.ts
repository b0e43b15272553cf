import { z } from 'zod'
import { DestinationsError } from './errors.ts'
import { type Filter, parseFilter } from './filter.ts'

const pageSizeDefault = 10
const pageSizeMax = 1000

const flagText = z.enum(['true', 'false']).optional()

/** Query of a list (destination-service.md section 6), as it is sent. */
export const listQuery = z.object({
  $filter: z
    .string()
    .optional()
    .meta({ description: "Name in ('a', 'b'), startswith(Name, 'a'), …" }),
  $select: z.literal('Name').optional(),
  $page: countTo(Number.MAX_SAFE_INTEGER).optional(),
  $pageSize: countTo(pageSizeMax).optional(),
  $pageCount: flagText,
  $entityCount: flagText,
  $includeMetadata: z
    .string()
    .regex(/^(;|modification_time(?=;|$)|etag(?=;|$))*$/)
    .optional()
    .meta({ description: 'modification_time;etag, of destinations only' }),
})

/** Query of Find. Anything but `true` is false. */
export const findQuery = z.object({
  $skipTokenRetrieval: z.string().optional(),
  $skipCredentials: z.string().optional(),
})

/** Query of Find in its second version; the last one in the spelling of the guide page. */
export const findV2Query = findQuery.extend({
  $includeMetadata: z.string().optional(),
  includeMetadata: z.string().optional(),
})

/** The parsed query of a list (destination-service.md section 6). */
export interface ListQuery {
  readonly filter: Filter | null
  readonly namesOnly: boolean
  readonly page: { readonly number: number; readonly size: number } | null
  readonly pageCount: boolean
  readonly entityCount: boolean
  readonly metadata: { readonly modificationTime: boolean; readonly etag: boolean }
}

/** One page of a list and what surrounds it. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly pages: number
  readonly entities: number
}

/**
 * The list query in `parameters`. `$filter`, `$select` and `$page` exclude each other. Parameters
 * that SAP does not document are ignored, documented ones with a bad value refused.
 */
export function parseListQuery(
  parameters: URLSearchParams,
  items: 'destinations' | 'certificates',
): ListQuery {
  const filterText = single(parameters, '$filter')
  const select = single(parameters, '$select')
  const page = single(parameters, '$page')
  if ([filterText, select, page].filter((value) => value !== undefined).length > 1) {
    throw malformed('$filter, $select and $page exclude each other')
  }
  if (!listQuery.shape.$select.safeParse(select).success) throw malformed('$select: only Name')
  const size = single(parameters, '$pageSize')
  if (size !== undefined && page === undefined) throw malformed('$pageSize needs $page')
  const filter = filterText === undefined ? null : parseFilter(filterText)
  if (filter && filter.kind !== 'names' && items === 'certificates') {
    throw malformed("certificates are filtered with Name in ('a', 'b') only")
  }
  return {
    filter,
    namesOnly: select !== undefined,
    page:
      page === undefined
        ? null
        : {
            number: integer('$page', page) ?? 1,
            size: integer('$pageSize', size) ?? pageSizeDefault,
          },
    pageCount: flag(parameters, '$pageCount'),
    entityCount: flag(parameters, '$entityCount'),
    metadata: metadataOf(single(parameters, '$includeMetadata'), items),
  }
}

/** The page of `items` that `query` asks for; all of them without `$page`. */
export function pageOf<T>(items: readonly T[], query: ListQuery): Page<T> {
  const size = query.page?.size ?? Math.max(1, items.length)
  const first = ((query.page?.number ?? 1) - 1) * size
  return {
    items: items.slice(first, first + size),
    pages: Math.ceil(items.length / size),
    entities: items.length,
  }
}

/** The answer headers of a list: counts if asked for, and links to the neighbouring pages. */
export function pageHeaders(
  query: ListQuery,
  page: Page<unknown>,
  collection: string,
): Record<string, string> {
  const headers: Record<string, string> = {}
  if (query.pageCount) headers['Page-Count'] = String(page.pages)
  if (query.entityCount) headers['Entity-Count'] = String(page.entities)
  if (!query.page) return headers
  const { number, size } = query.page
  const link = (to: number, rel: string) =>
    `</${collection}?$page=${to}&$pageSize=${size}>; rel='${rel}'`
  const links: string[] = []
  if (number > 1) links.push(link(Math.min(number - 1, Math.max(1, page.pages)), 'previous'))
  if (number < page.pages) links.push(link(number + 1, 'next'))
  if (links.length > 0) headers['Link'] = links.join(', ')
  return headers
}

function metadataOf(text: string | undefined, items: 'destinations' | 'certificates') {
  if (!listQuery.shape.$includeMetadata.safeParse(text).success) {
    throw malformed('$includeMetadata: modification_time;etag')
  }
  const names = (text ?? '').split(';').filter((name) => name !== '')
  if (names.length > 0 && items === 'certificates') {
    throw malformed('$includeMetadata is for destinations only')
  }
  return { modificationTime: names.includes('modification_time'), etag: names.includes('etag') }
}

function flag(parameters: URLSearchParams, name: '$pageCount' | '$entityCount'): boolean {
  const value = listQuery.shape[name].safeParse(single(parameters, name))
  if (!value.success) throw malformed(`${name} is true or false`)
  return value.data === 'true'
}

function integer(name: '$page' | '$pageSize', text: string | undefined): number | undefined {
  const value = listQuery.shape[name].safeParse(text)
  if (value.success) return value.data
  throw malformed(
    name === '$page'
      ? '$page is a number from 1'
      : `$pageSize is a number from 1 to ${pageSizeMax}`,
  )
}

function countTo(max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(max))
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  if (values.length > 1) throw malformed(`${name} is given more than once`)
  return values[0]
}

function malformed(message: string): DestinationsError {
  return new DestinationsError('destinations/malformed-request', message)
}
