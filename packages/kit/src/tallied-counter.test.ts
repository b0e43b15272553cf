import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

const build = { version: '1', revision: 'r' }
const labels = { action: 'ALLOW', outcome: 'allowed' }

const linesOf = async (metrics: ReturnType<typeof createMetrics>) =>
  (await metrics.render()).split('\n').filter((line) => line.startsWith('twinlatch_authz'))

test('what was counted is exposed once, and counting goes on after it was read', async () => {
  const metrics = createMetrics(build)
  const tally = metrics.authzDecisions.tally(labels)
  expect(await linesOf(metrics)).toEqual([])
  tally.count += 2
  const line = 'twinlatch_authz_decisions_total{action="ALLOW",outcome="allowed"}'
  expect(await linesOf(metrics)).toEqual([`${line} 2`])
  expect(await linesOf(metrics)).toEqual([`${line} 2`])
  tally.count += 1
  expect(await linesOf(metrics)).toEqual([`${line} 3`])
})

test('equal labels share a tally, in whatever order they are given; others do not', () => {
  const { authzDecisions } = createMetrics(build)
  const tally = authzDecisions.tally(labels)
  expect(authzDecisions.tally({ outcome: 'allowed', action: 'ALLOW' })).toBe(tally)
  expect(authzDecisions.tally({ action: 'DENY', outcome: 'allowed' })).not.toBe(tally)
  expect(createMetrics(build).authzDecisions.tally(labels)).not.toBe(tally)
})
