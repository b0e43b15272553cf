import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ring } from './ring.ts'

test('a ring holds the last values, newest first, and hands out what it drops', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat()), (capacity, values) => {
      const ring = new Ring<number>(capacity)
      const dropped = values.map((value) => ring.push(value)).filter((value) => value !== undefined)
      expect([...ring.newestFirst()]).toEqual(values.slice(-capacity).reverse())
      expect(dropped).toEqual(values.slice(0, Math.max(0, values.length - capacity)))
    }),
  )
})
