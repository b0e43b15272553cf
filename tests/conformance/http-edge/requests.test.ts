import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { H, type RequestCase } from './cases/case.ts'
import { chunkClasses } from './cases/chunks.ts'
import { framingClasses } from './cases/framing.ts'
import { headRows } from './cases/head-rows.ts'
import { requestLineRows } from './cases/request-line-rows.ts'
import { createEdgeMaterial, type Edge, openEdge } from './edge.ts'
import { converse, lineOf, type Segmentation, statusesOf } from './raw-client.ts'

vi.setConfig({ testTimeout: 20_000 })

let edge: Edge
beforeAll(async () => {
  edge = await openEdge(await createEdgeMaterial())
})
afterAll(() => edge.stop())
beforeEach(() => edge.reset())

/** Single bytes of a large input would only take time: its form is the same in small ones. */
const bytewiseMax = 2_000
const segmentations: readonly Segmentation[] = ['at once', 'head, then the rest', 'byte by byte']

const tables = [
  ['request line and Host', requestLineRows],
  ['header section and connection', headRows],
  ['framing', framingClasses],
  ['chunks', chunkClasses],
] as const

for (const [table, rows] of tables) {
  for (const [row, cases] of rows) {
    describe(`${table}: ${row}`, () => {
      test.each(cases)('$name', async (one) => {
        for (const segmentation of segmentations) {
          if (segmentation === 'byte by byte' && one.send.length > bytewiseMax) continue
          edge.reset()
          await check(one, segmentation)
        }
      })
    })
  }
}

/** What is sent behind a case: served if the connection goes on, else never looked at. */
const behind = (end: RequestCase['end']) =>
  end === 'goes on'
    ? `GET /after HTTP/1.1\r\n${H}Connection: close\r\n\r\n`
    : `GET /smuggled HTTP/1.1\r\n${H}\r\n`

async function check(one: RequestCase, segmentation: Segmentation): Promise<void> {
  const { origin, seen } = edge
  const goesOn = one.end === 'goes on'
  const conversation = await converse(await edge.connect(), {
    send: one.send + behind(one.end),
    methods: one.origin.map((line) => line.split(' ')[0] ?? ''),
    segmentation,
  })
  const { answers, rest } = conversation
  const last = answers.at(-1)
  expect({ segmentation, statuses: statusesOf(answers), rest }).toEqual({
    segmentation,
    statuses: goesOn ? [...one.answers, 200] : one.answers,
    rest: '',
  })
  const reached = origin.requests.map(({ startLine, body }) => `${startLine} ${body}`.trimEnd())
  const expected = one.origin.map((line) => line.trimEnd())
  expect(reached).toEqual(goesOn ? [...expected, 'GET /after HTTP/1.1'] : expected)
  expect(reached.join('\n')).not.toMatch(/^GET \/smuggled/m)

  const { min, max } = one.runs ?? { min: one.origin.length, max: one.origin.length }
  const runs = seen.runs.length - (goesOn ? 1 : 0)
  expect(runs).toBeGreaterThanOrEqual(min)
  expect(runs).toBeLessThanOrEqual(max)
  if (one.end !== 'refused') {
    expect(seen.faults).toEqual([])
    expect(origin.unfinished()).toEqual([])
  } else {
    expect(seen.faults).toHaveLength(1)
    expect(lineOf(last, 'x-request-id')).toBe(seen.faults[0]?.requestId)
    expect(last?.body).toBe(one.body)
    if (one.body !== '') expect(lineOf(last, 'content-type')).toBe('text/plain')
  }
  if (!goesOn) expect(lineOf(last, 'connection')).toBe('close')
  const head = origin.requests[0]?.lines.join('\n') ?? ''
  for (const part of one.has ?? []) expect(head).toContain(part)
  for (const part of one.lacks ?? []) expect(head.toLowerCase()).not.toContain(part.toLowerCase())
}
