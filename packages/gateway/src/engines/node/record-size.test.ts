import type { Explanation } from '@twinlatch/trust'
import { expect, test, vi } from 'vitest'
import { headBytes, recordBytesMax, rendererOf } from './record-size.ts'

const explanation = { id: 'x' } as Explanation

test('a record that holds little is made when it is read', () => {
  const render = vi.fn(() => explanation)
  const later = rendererOf(recordBytesMax, render)
  expect(render).not.toHaveBeenCalled()
  expect(later()).toBe(explanation)
})

test('one that would hold much until then is made at once, and once', () => {
  const render = vi.fn(() => explanation)
  const later = rendererOf(recordBytesMax + 1, render)
  expect(render).toHaveBeenCalledTimes(1)
  expect([later(), later()]).toEqual([explanation, explanation])
  expect(render).toHaveBeenCalledTimes(1)
})

test('a head counts with its target and with every line', () => {
  const head = { method: 'GET', target: '/abc', authority: 'a', headers: [['ab', 'cde'] as const] }
  expect(headBytes(head)).toBe(9)
})
