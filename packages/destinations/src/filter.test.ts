import { describe, expect, test } from 'vitest'
import { type Filter, parseFilter, passesFilter } from './filter.ts'
import { parseListQuery } from './list-query.ts'

describe('$filter', () => {
  test.each<[string, Filter]>([
    ["Name in ('a')", { kind: 'names', names: ['a'] }],
    ["Name in ('a', 'b','c')", { kind: 'names', names: ['a', 'b', 'c'] }],
    ["Name in('a')", { kind: 'names', names: ['a'] }],
    ["Name in ('a%2Eb')", { kind: 'names', names: ['a.b'] }],
    ["Name in ('it''s')", { kind: 'names', names: ["it's"] }],
    ["startswith(Name, 'p')", { kind: 'starts-with', text: 'p' }],
    ["startswith(Name,'p')", { kind: 'starts-with', text: 'p' }],
    ["startswith(Name,'it''s')", { kind: 'starts-with', text: "it's" }],
    ["startswith(Name,'a%2E')", { kind: 'starts-with', text: 'a%2E' }],
    ["endswith(Name, 's')", { kind: 'ends-with', text: 's' }],
    ["modifiedwithin('30', 'minutes')", { kind: 'modified-within', minutes: 30 }],
    ["modifiedwithin('1440','minutes')", { kind: 'modified-within', minutes: 1440 }],
  ])('%s is understood', (text, filter) => {
    expect(parseFilter(text)).toEqual(filter)
  })

  test.each([
    '',
    'Name in ()',
    "Name in ('a',)",
    "Name in ('a' 'b')",
    "Name in ('a'",
    "Name in ('a'))",
    "Name in ('%zz')",
    'Name in (a)',
    "Name eq 'a'",
    "Type in ('a')",
    "startswith(Name, 'it's')",
    "startswith(Name, 'a') or true",
    "modifiedwithin('0', 'minutes')",
    "modifiedwithin('1441', 'minutes')",
    "modifiedwithin('1', 'hours')",
    "modifiedwithin('x', 'minutes')",
  ])('%j is refused', (text) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ code: 'destinations/malformed-request' }),
    )
  })

  test('labels are refused by name', () => {
    expect(() => parseFilter("Label['env'] HAS ('prod')")).toThrow(/labels are not built yet/)
  })

  test('modifiedwithin counts back from now, the last minute included', () => {
    const now = new Date('2026-11-23T12:00:00.000Z')
    const filter = parseFilter("modifiedwithin('30', 'minutes')")
    const at = (time: string) =>
      passesFilter(filter, { name: 'a', modifiedAt: new Date(time) }, now)
    expect(at('2026-11-23T11:30:00.000Z')).toBe(true)
    expect(at('2026-11-23T11:29:59.999Z')).toBe(false)
  })
})

describe('the parameters of a list', () => {
  test.each([
    ['$filter and $select', "$filter=Name in ('a')&$select=Name", /exclude each other/],
    ['$select and $page', '$select=Name&$page=1', /exclude each other/],
    ['another $select', '$select=URL', /only Name/],
    ['page 0', '$page=0', /from 1/],
    ['a page that is no number', '$page=1e3', /from 1/],
    ['a page size without a page', '$pageSize=10', /needs \$page/],
    ['a page size of 1001', '$page=1&$pageSize=1001', /1000/],
    ['a flag that is neither', '$page=1&$pageCount=yes', /true or false/],
    ['unknown metadata', '$includeMetadata=owner', /modification_time;etag/],
    ['a parameter twice', '$page=1&$page=2', /more than once/],
  ])('are refused: %s', (_name, query, text) => {
    expect(() => parseListQuery(new URLSearchParams(query), 'destinations')).toThrow(text)
  })

  test.each([
    ["$filter=startswith(Name,'a')", /Name in/],
    ['$includeMetadata=etag', /destinations only/],
  ])('of certificates are fewer: %s is refused', (query, text) => {
    expect(() => parseListQuery(new URLSearchParams(query), 'certificates')).toThrow(text)
  })
})
