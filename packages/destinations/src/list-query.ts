import { DestinationsError } from './errors.ts'
import { type Filter, parseFilter } from './filter.ts'

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

const pageSizeDefault = 10
const pageSizeMax = 1000

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
  if (select !== undefined && select !== 'Name') throw malformed('$select: only Name')
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
            number: integer('$page', page, Number.MAX_SAFE_INTEGER),
            size: size === undefined ? pageSizeDefault : integer('$pageSize', size, pageSizeMax),
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
  const names = (text ?? '').split(';').filter((name) => name !== '')
  if (names.length > 0 && items === 'certificates') {
    throw malformed('$includeMetadata is for destinations only')
  }
  if (names.some((name) => name !== 'modification_time' && name !== 'etag')) {
    throw malformed('$includeMetadata: modification_time;etag')
  }
  return { modificationTime: names.includes('modification_time'), etag: names.includes('etag') }
}

function flag(parameters: URLSearchParams, name: string): boolean {
  const value = single(parameters, name) ?? 'false'
  if (value !== 'true' && value !== 'false') throw malformed(`${name} is true or false`)
  return value === 'true'
}

function integer(name: string, text: string, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max) throw malformed(`${name} is a number from 1 to ${max}`)
  return value
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  if (values.length > 1) throw malformed(`${name} is given more than once`)
  return values[0]
}

function malformed(message: string): DestinationsError {
  return new DestinationsError('destinations/malformed-request', message)
}
