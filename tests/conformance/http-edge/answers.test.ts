import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AnswerCase, answerRows } from './cases/answers.ts'
import { get, H } from './cases/case.ts'
import { createEdgeMaterial, type Edge, openEdge } from './edge.ts'
import { splitAnswers } from './messages.ts'
import { lineOf, readToEnd, readUntil, statusesOf } from './raw-client.ts'
import { confirm, type OriginScript } from './raw-origin.ts'

vi.setConfig({ testTimeout: 5_000 })

let edge: Edge
beforeAll(async () => {
  edge = await openEdge(await createEdgeMaterial())
})
afterAll(() => edge.stop())
beforeEach(() => edge.reset())

const requestOf = (method: string, path: string, ...lines: string[]) =>
  `${method} ${path} HTTP/1.1\r\n${H}${lines.map((line) => `${line}\r\n`).join('')}\r\n`

/** Says the bytes of the case to the first request, and what it saw to every other. */
function scriptOf(one: AnswerCase): OriginScript {
  return (request, socket, index) => {
    if (request.startLine.includes('/second')) return confirm(request, socket, index)
    if (one.after === 'resets') return void socket.resetAndDestroy()
    socket.write(one.says, 'latin1')
    if (one.after === 'ends') socket.end()
  }
}

/** The answer to a second request of the same client, on its connection if that lives. */
async function second(client: TLSSocket): Promise<string> {
  const socket = client.destroyed || client.readableEnded ? await edge.connect() : client
  const ended = readToEnd(socket)
  socket.write(requestOf('GET', '/second', 'Connection: close'))
  return (await ended).replace(/^[\s\S]*?\r\n\r\n/, '')
}

for (const [row, cases] of answerRows) {
  describe(row, () => {
    test.each(cases)('$name', async (one) => {
      edge.origin.answerWith(scriptOf(one))
      const client = await edge.connect()
      const text = one.brokenOff ? readToEnd(client) : readWhole(client, one)
      client.write(requestOf(one.method, '/first', ...(one.brokenOff ? ['Connection: close'] : [])))
      const answer = await text
      const { messages } = splitAnswers(answer, [one.method], false)
      if (one.brokenOff) {
        // What broke in the piece that brought the head is known before there is an answer; else the
        // head alone goes out: never something that looks whole.
        if (messages.length > 0) expect(statusesOf(messages)).toEqual([502])
        else expect(answer).toMatch(/^(?:HTTP\/1\.1 200 |$)/)
      } else {
        expect(statusesOf(messages)).toEqual([one.status])
        expect(messages.at(-1)?.body).toBe(one.body)
      }
      if (one.error) await edge.until(() => edge.seen.upstreamErrors.length > 0)
      expect(edge.seen.upstreamErrors).toEqual(one.error === null ? [] : [one.error])

      expect(await second(client)).toBe('GET /second HTTP/1.1')
      const asked = edge.origin.requests.map(({ startLine }) => startLine)
      const first = `${one.method} /first HTTP/1.1`
      expect(asked).toEqual([first, 'GET /second HTTP/1.1'])
      expect(edge.origin.connections).toHaveLength(one.reused ? 1 : 2)
    })
  })
}

/** Reads until the answer is whole in the framing that the edge chose. */
function readWhole(client: TLSSocket, one: AnswerCase): Promise<string> {
  return readUntil(client, (text) => {
    const { messages } = splitAnswers(text, [one.method], false)
    return messages.some(({ startLine }) => !/^HTTP\/1\.1 1/.test(startLine))
  })
}

test('bytes that come while nobody asked end the connection, and are never an answer', async () => {
  const client = await edge.connect()
  client.write(requestOf('GET', '/first'))
  await readUntil(client, (text) => text.endsWith('GET /first HTTP/1.1'))
  const [connection] = edge.origin.connections
  if (!connection) throw new Error('the origin was not asked')
  const closed = once(connection, 'close')
  connection.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
  await closed
  expect(await second(client)).toBe('GET /second HTTP/1.1')
  expect(edge.origin.connections).toHaveLength(2)
})

test('lines that belong to the connection with the origin do not reach the client', async () => {
  const lines = [
    'Connection: X-Hop',
    'X-Hop: a',
    'Keep-Alive: timeout=5',
    'Upgrade: h2c',
    'X-End: b',
  ]
  edge.origin.answerWith((_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`)
  })
  const client = await edge.connect()
  const ended = readToEnd(client)
  client.write(get('Connection: close'))
  const { messages } = splitAnswers(await ended, ['GET'], true)
  expect(lineOf(messages[0], 'x-end')).toBe('b')
  for (const name of ['x-hop', 'keep-alive', 'upgrade'])
    expect(lineOf(messages[0], name)).toBeUndefined()
  expect(lineOf(messages[0], 'connection')).toBe('close')
})
