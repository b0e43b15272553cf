import { afterAll, beforeAll, expect, test } from 'vitest'
import { H } from './cases/case.ts'
import { createEdgeMaterial, type Edge, openEdge } from './edge.ts'
import { converse } from './raw-client.ts'
import { readStrictly } from './strict-reading.ts'

/** `TWINLATCH_LONG=1` puts every one of these bytes at every place, not only the worst ones. */
const long = Boolean(process.env['TWINLATCH_LONG'])
const worst = ['\0', '\t', '\n', '\r', ' ', ':', '\r\n']
const others = ['\x0b', '\x1f', '"', '%', ',', '/', '0', '1', ';', 'a', 'X', '\x7f', '\x80', '\xff']
const pieces = long ? [...worst, ...others, '\n\n', '\r\n '] : worst

const template =
  `POST /a HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nX: b\r\n\r\n3;e=f\r\nabc\r\n0\r\nT: u\r\n\r\n` +
  `POST /b HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\nde`
const end = `GET /after HTTP/1.1\r\n${H}Connection: close\r\n\r\n`

let edge: Edge
beforeAll(async () => {
  const limits = { requestHeadersTimeoutMs: 300, exchangeIdleTimeoutMs: 300, lingeringCloseMs: 50 }
  edge = await openEdge(await createEdgeMaterial(), { limits })
})
afterAll(() => edge.stop())

function* mutationsAt(at: number): Generator<string> {
  const [before, from, behind] = [template.slice(0, at), template.slice(at), template.slice(at + 1)]
  for (const piece of pieces) {
    yield before + piece + from
    if (long) yield before + piece + behind
  }
  yield before + behind
  yield before + template.slice(at, at + 1) + from
}

test('the template is read as three requests by a strict reader and by the edge', async () => {
  const requests = ['POST /a abc', 'POST /b de', 'GET /after ']
  expect(readStrictly(template + end)).toEqual(requests)
  expect(await reaching(template + end)).toEqual(requests)
})

test('no change at any one place makes the origin see what a strict reader does not', async () => {
  for (let at = 0; at < template.length; at += 1) {
    for (const text of mutationsAt(at)) {
      const reached = await reaching(text + end)
      const allowed = readStrictly(text + end)
      expect(reached, JSON.stringify(text)).toEqual(allowed.slice(0, reached.length))
    }
  }
}, 300_000)

async function reaching(send: string): Promise<string[]> {
  edge.reset()
  await converse(await edge.connect(), { send })
  return edge.origin.requests.map(
    ({ startLine, body }) => `${startLine.replace(/ HTTP\/1\.1$/, '')} ${body}`,
  )
}
