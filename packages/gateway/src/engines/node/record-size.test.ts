import type { Explanation } from '@twinlatch/trust'
import { expect, test, vi } from 'vitest'
import { heldBytes, renderOnce } from './record-size.ts'

const explanation = { id: 'x' } as Explanation
const head = { method: 'GET', target: '/abc', authority: 'a', headers: [['ab', 'cde'] as const] }

test('a record is made when it is first asked for, and once', () => {
  const render = vi.fn(() => explanation)
  const later = renderOnce(render)
  expect(render).not.toHaveBeenCalled()
  expect([later(), later()]).toEqual([explanation, explanation])
  expect(render).toHaveBeenCalledTimes(1)
})

test('a record holds the target, every header line and every certificate', () => {
  expect(heldBytes(head, [])).toBe(9)
  expect(heldBytes(head, [Buffer.alloc(700), Buffer.alloc(20)])).toBe(729)
  expect(heldBytes(null, [Buffer.alloc(700)])).toBe(700)
})
