import { silentLogger } from '@twinlatch/kit'
import { StoreError } from '@twinlatch/store'
import { expect, test, vi } from 'vitest'
import { reconnect } from './reconnect.ts'

const away = () => Promise.reject(new StoreError('store/unreachable', 'away'))

test.each([
  ['away', away],
  ['there but unusable', () => Promise.reject(new StoreError('store/wrong-master-key', 'no'))],
])('tries until the database serves, when it was %s', async (_name, fail) => {
  const warn = vi.fn()
  const attempt = vi.fn().mockImplementationOnce(fail).mockImplementationOnce(fail)
  const reconnecting = reconnect(attempt, { log: { ...silentLogger, warn } as never, pause: 1 })
  await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce())
  expect(attempt).toHaveBeenCalledTimes(3)
  await reconnecting.stop()
})

test('a stop waits for the attempt that runs, and no other follows', async () => {
  let finish: (error: Error) => void = () => undefined
  const attempt = vi.fn(
    () =>
      new Promise<void>((_resolve, reject) => {
        finish = reject
      }),
  )
  const reconnecting = reconnect(attempt, { log: silentLogger, pause: 1 })
  await vi.waitFor(() => expect(attempt).toHaveBeenCalledOnce())
  let stopped = false
  const stopping = reconnecting.stop().then(() => {
    stopped = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(stopped).toBe(false)
  finish(new StoreError('store/unreachable', 'away'))
  await stopping
  expect(attempt).toHaveBeenCalledOnce()
})
