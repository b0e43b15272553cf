import { createMetrics } from '@twinlatch/kit'
import { expect, test } from 'vitest'
import type { CompiledRoute } from '../../compiled.ts'
import { RequestTallies } from './request-tallies.ts'
import type { Ending, Transaction } from './transaction.ts'

function counter() {
  const metrics = createMetrics({ version: '1', revision: 'r' })
  const tallies = new RequestTallies(metrics)
  return {
    count(method: string, route: CompiledRoute | null, ending: Ending) {
      const transaction = { request: { method }, route } as unknown as Transaction
      tallies.count(transaction, { ...ending, brokeOff: null })
    },
    async lines() {
      const text = await metrics.render()
      return text.split('\n').filter((line) => /^twinlatch_(http|authz)/.test(line))
    },
  }
}

const routeNamed = (name: string) => ({ name }) as CompiledRoute
const served: Ending = { status: 200, denial: null }
const refused = (code: 'POL_DENY_MATCHED' | 'POL_NO_ALLOW_MATCHED'): Ending => ({
  status: 403,
  denial: { code, stage: 'policy', summary: '' },
})

const requests = (route: string, method: string, status: string, outcome: string) =>
  `twinlatch_http_requests_total{route="${route}",method="${method}",status_class="${status}",outcome="${outcome}"}`

test('requests are counted by route, method, class of status and outcome', async () => {
  const { count, lines } = counter()
  const route = routeNamed('a')
  count('GET', route, served)
  count('GET', route, { ...served, status: 204 })
  count('GET', route, { ...served, status: 500 })
  count('POST', route, refused('POL_DENY_MATCHED'))
  count('GET', null, refused('POL_NO_ALLOW_MATCHED'))
  count('GET', route, { ...served, status: null })
  const decisions = 'twinlatch_authz_decisions_total'
  expect((await lines()).sort()).toEqual(
    [
      `${decisions}{action="ALLOW",outcome="allowed"} 4`,
      `${decisions}{action="ALLOW",outcome="denied"} 1`,
      `${decisions}{action="DENY",outcome="denied"} 1`,
      `${requests('', 'GET', '4xx', 'denied')} 1`,
      `${requests('a', 'GET', '2xx', 'allowed')} 2`,
      `${requests('a', 'GET', '5xx', 'allowed')} 1`,
      `${requests('a', 'GET', 'none', 'allowed')} 1`,
      `${requests('a', 'POST', '4xx', 'denied')} 1`,
    ].sort(),
  )
})

test('a route that a swap has compiled again goes on where it was', async () => {
  const { count, lines } = counter()
  count('GET', routeNamed('a'), served)
  count('GET', routeNamed('b'), served)
  count('GET', routeNamed('a'), served)
  expect(await lines()).toContain(`${requests('a', 'GET', '2xx', 'allowed')} 2`)
  expect(await lines()).toContain(`${requests('b', 'GET', '2xx', 'allowed')} 1`)
})

test('methods that callers make up share one series', async () => {
  const { count, lines } = counter()
  for (const method of ['PROPFIND', 'get', 'X']) count(method, routeNamed('a'), served)
  expect(await lines()).toContain(`${requests('a', 'other', '2xx', 'allowed')} 3`)
})
