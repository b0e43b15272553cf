import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

test('so many run, so many wait in order, and the next is turned away at once', async () => {
  const gate = new Gate({ running: 1, waiting: 1 })
  const order: string[] = []
  const first = Promise.withResolvers<void>()
  const running = gate.pass(async () => {
    await first.promise
    order.push('first')
    return 1
  })
  const waiting = gate.pass(async () => {
    order.push('second')
    return 2
  })
  expect(gate.full).toBe(true)
  expect(await gate.pass(async () => 3)).toBeNull()
  first.resolve()
  expect(await Promise.all([running, waiting])).toEqual([1, 2])
  expect(order).toEqual(['first', 'second'])
})

test('a work that fails gives its place back', async () => {
  const gate = new Gate({ running: 1, waiting: 0 })
  await expect(gate.pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await gate.pass(async () => 'served')).toBe('served')
})
