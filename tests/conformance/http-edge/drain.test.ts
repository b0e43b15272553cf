import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { get, post } from './cases/case.ts'
import { createEdgeMaterial, type Edge, type EdgeMaterial, openEdge } from './edge.ts'
import { readToEnd, readUntil } from './raw-client.ts'
import { confirm } from './raw-origin.ts'

vi.setConfig({ testTimeout: 10_000 })

let material: EdgeMaterial
let edge: Edge
beforeAll(async () => {
  material = await createEdgeMaterial()
})
afterEach(() => edge.stop())

/** A client whose request is at the origin, which waits; the answer is sent by the second value. */
async function busyClient() {
  edge = await openEdge(material)
  let answer = () => {}
  edge.origin.answerWith((request, socket, index) => {
    answer = () => confirm(request, socket, index)
  })
  const client = await edge.connect()
  client.write(get())
  await vi.waitFor(() => expect(edge.origin.requests).toHaveLength(1))
  return { client, answer: () => answer() }
}

test('draining finishes what runs, says close, ends who idles, and takes nothing new', async () => {
  const { client, answer } = await busyClient()
  const idle = readToEnd(await edge.connect())
  const silent = connectTcp(edge.listener.port, '127.0.0.1')
  silent.on('error', () => {}).resume()
  const silentEnd = once(silent, 'close')
  await edge.until(() => edge.seen.openConnections === 3)
  const text = readToEnd(client)
  const stopped = edge.listener.stop({ graceMs: 60_000 })
  expect(await idle).toBe('')
  await silentEnd
  await expect(edge.connect()).rejects.toThrow()
  answer()
  expect(await text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n[\s\S]*HTTP\/1\.1$/i)
  await stopped
})

test('a request behind the one that runs while draining is not served', async () => {
  const { client, answer } = await busyClient()
  client.write(get())
  const text = readToEnd(client)
  const stopped = edge.listener.stop({ graceMs: 60_000 })
  answer()
  expect((await text).match(/HTTP\/1\.1 200/g)).toHaveLength(1)
  await stopped
  expect(edge.origin.requests).toHaveLength(1)
})

test('what is not finished within the grace time is destroyed, and the origin is let go', async () => {
  const { client } = await busyClient()
  const text = readToEnd(client)
  await edge.listener.stop({ graceMs: 50 })
  expect(await text).toBe('')
  expect(edge.seen.runs[0]?.signal.aborted).toBe(true)
  await vi.waitFor(() => expect(edge.origin.connections[0]?.destroyed).toBe(true))
})

test('a kept connection that is used again while draining begins gets a whole answer or none', async () => {
  edge = await openEdge(material)
  const client = await edge.connect()
  client.write(get())
  await readUntil(client, (text) => text.endsWith('HTTP/1.1'))
  const rest = readToEnd(client)
  const stopped = edge.listener.stop({ graceMs: 60_000 })
  client.write(post(['Content-Length: 2'], 'ab'))
  expect(await rest).toMatch(/^$|^HTTP\/1\.1 200 [\s\S]*POST \/ HTTP\/1\.1$/)
  await stopped
})
