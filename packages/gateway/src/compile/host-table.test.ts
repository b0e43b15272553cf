import { expect, test } from 'vitest'
import { HostTable } from './host-table.ts'

const table = new HostTable([
  ['*', 'any'],
  ['*.x', 'suffix'],
  ['*.b.x', 'longer suffix'],
  ['a.b.x', 'exact'],
])

test.each([
  ['a.b.x', 'exact'],
  ['c.b.x', 'longer suffix'],
  ['d.c.b.x', 'longer suffix'],
  ['b.x', 'suffix'],
  ['x', 'any'],
  ['a.b.x.', 'any'],
  ['', 'any'],
  [null, 'any'],
])('%s is answered by %s', (host, value) => {
  expect(table.find(host)).toBe(value)
})

test('without * a name that nothing covers, and no name, find nothing', () => {
  const suffixOnly = new HostTable([['*.x', 1]])
  expect([suffixOnly.find('x'), suffixOnly.find(null), suffixOnly.find('a.x.')]).toEqual([
    null,
    null,
    null,
  ])
})
