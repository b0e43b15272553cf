import type { Explanation } from '@twinlatch/trust'
import { expect, test, vi } from 'vitest'
import { renderOnce } from './record-size.ts'

const explanation = { id: 'x' } as Explanation

test('a record is made when it is first asked for, and once', () => {
  const render = vi.fn(() => explanation)
  const later = renderOnce(render)
  expect(render).not.toHaveBeenCalled()
  expect([later(), later()]).toEqual([explanation, explanation])
  expect(render).toHaveBeenCalledTimes(1)
})
