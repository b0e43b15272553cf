import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { leniencies } from './cases/leniencies.ts'
import { createEdgeMaterial, type Edge, openEdge } from './edge.ts'
import { converse, statusesOf } from './raw-client.ts'

vi.setConfig({ testTimeout: 20_000 })

let edge: Edge
beforeAll(async () => {
  const limits = { requestHeadersTimeoutMs: 300, exchangeIdleTimeoutMs: 300 }
  edge = await openEdge(await createEdgeMaterial(), { limits })
})
afterAll(() => edge.stop())
beforeEach(() => edge.reset())

/** First cells of the table in the section about the parser that replaces Node's. */
function listed(): string[] {
  const readme = readFileSync(new URL('../../../packages/wire/README.md', import.meta.url), 'utf8')
  const [, section = ''] = readme.split("## For the parser that replaces Node's")
  const [table = ''] = section.split('\n## ')
  const rows = table.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(2).map((line) => line.split('|')[1]?.trim() ?? '')
}

test('the written list of what cannot be refused is the list of what is demonstrated here', () => {
  expect(listed()).toEqual(leniencies.map(({ input }) => input))
})

test.each(leniencies.flatMap((one) => one.send.map((send) => ({ ...one, send }))))(
  '$input is still decided as the list says ($send)',
  async ({ send, now, origin }) => {
    const { answers } = await converse(await edge.connect(), { send: send + behind(now) })
    // A time limit ends what is never answered: with 408, or without a word during a body.
    const statuses = statusesOf(answers).filter((status) => status !== 408)
    expect(statuses[0] ?? null).toBe(now)
    expect(edge.origin.requests[0]?.startLine ?? null).toBe(origin)
    expect(edge.origin.requests.map(({ startLine }) => startLine).slice(1)).toEqual(
      now === 200 ? ['GET /after HTTP/1.1'] : [],
    )
  },
)

/** A request that shows that the one before it ended where it should. */
function behind(now: number | null): string {
  return now === 200
    ? 'GET /after HTTP/1.1\r\nHost: edge.test.localhost\r\nConnection: close\r\n\r\n'
    : ''
}
