import { Readable } from 'node:stream'
import { systemClock } from '@twinlatch/kit'
import type { Exchange } from '@twinlatch/wire'
import { expect, test, vi } from 'vitest'
import { type ServeOptions, serveRequest } from './serve-request.ts'
import type { Transaction } from './transaction.ts'

const route = {
  applyResponseHeaders: () => {
    throw new Error('boom')
  },
}
vi.mock('./decide.ts', () => ({
  decide: () => ({ route, destination: { workload: { target: { kind: 'url' } } }, ...forwarding }),
}))
const forwarding = {
  ...{ kind: 'forward', path: '/', authority: 'a.example', headers: [], values: {} },
  ...{ timeoutMs: null, retries: 0 },
}

test('an answer whose head cannot be put together is given up, and its connection with it', async () => {
  const body = new Readable({ read: () => {} })
  const abort = vi.fn()
  const exchange = {
    request: { method: 'GET' },
    body: null,
    signal: { aborted: false, addEventListener: () => {}, removeEventListener: () => {} },
    respond: () => Promise.resolve(),
    abort,
  }
  const record = { brokeOff: null }
  const decided = vi.fn(() => record)
  const options = {
    workloads: { request: () => Promise.resolve({ status: 200, headers: [], body }) },
    clock: systemClock,
    report: { decided },
  }
  const served = serveRequest(
    exchange as unknown as Exchange<unknown>,
    { id: '1' } as unknown as Transaction,
    options as unknown as ServeOptions,
  )
  expect(await served).toBe(record)
  expect(record.brokeOff).toBe('boom')
  expect(body.destroyed).toBe(true)
  expect(abort).toHaveBeenCalledOnce()
  expect(decided).toHaveBeenCalledOnce()
})
