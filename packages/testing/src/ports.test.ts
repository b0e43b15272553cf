import { expect, test } from 'vitest'
import { createFakeClock } from './fake-clock.ts'
import { freePort, freePorts } from './ports.ts'

test('several free ports are all different', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  expect(await freePort()).toBeGreaterThan(1023)
})

test('a fake clock stands still until it is moved', () => {
  const clock = createFakeClock('2026-02-28T23:59:59.000Z')
  expect(clock.now()).toEqual(clock.now())
  clock.advance(1000)
  expect(clock.now().toISOString()).toBe('2026-03-01T00:00:00.000Z')
  clock.set('2025-01-01T00:00:00Z')
  expect(clock.now().toISOString()).toBe('2025-01-01T00:00:00.000Z')
})
