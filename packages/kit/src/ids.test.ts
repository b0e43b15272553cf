import { expect, test } from 'vitest'
import { newRequestId } from './ids.ts'

test('request ids are UUIDs of version 4, and no two are equal', () => {
  const ids = Array.from({ length: 5000 }, newRequestId)
  expect(new Set(ids).size).toBe(ids.length)
  const odd = ids.filter(
    (id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id),
  )
  expect(odd).toEqual([])
})

test('every digit of a request id but those of version and variant is random', () => {
  const ids = Array.from({ length: 500 }, newRequestId)
  const seen = Array.from({ length: 36 }, (_, at) => new Set(ids.map((id) => id[at])).size)
  const fixed = new Map([8, 13, 14, 18, 23].map((at) => [at, 1]))
  expect(seen).toEqual(seen.map((_, at) => fixed.get(at) ?? (at === 19 ? 4 : 16)))
})
