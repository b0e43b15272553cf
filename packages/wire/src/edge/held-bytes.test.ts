import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeldBytes } from './held-bytes.ts'

test('what was added comes out as one, and only once', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 4 }), (rounds) => {
      const held = new HeldBytes()
      for (const round of rounds) {
        const all = Buffer.concat(round)
        for (const piece of round) held.add(Buffer.from(piece))
        expect(held.length).toBe(all.length)
        expect(Buffer.from(held.take() ?? [])).toEqual(all)
        expect(held.take()).toBeNull()
      }
    }),
  )
})

test('a piece that was added is not written into', () => {
  const held = new HeldBytes()
  const first = Buffer.from('first!')
  held.add(first.subarray(0, 5))
  held.add(Buffer.from('x'))
  expect(String(first)).toBe('first!')
  expect(String(held.take())).toBe('firstx')
})
