import { Readable } from 'node:stream'
import { silentLogger } from '@twinlatch/kit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { UpstreamPool } from '../upstream.ts'
import {
  answering,
  openScriptedServer,
  requestTo,
  type ScriptedServer,
  textOf,
} from './upstream.fixture.ts'
import { createUpstreamPool } from './upstream-pool.ts'

let pool: UpstreamPool
let server: ScriptedServer
beforeEach(async () => {
  pool = createUpstreamPool({ log: silentLogger })
  server = await openScriptedServer(answering(firstPart, small))
})
afterEach(async () => {
  await pool.stop()
  server.stop()
})

const small = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
/** Just below and just above what a body holds before its connection is read no further. */
const belowBytes = 131_000
const aboveBytes = 132_000
const firstPart = `HTTP/1.1 200 OK\r\nContent-Length: ${aboveBytes}\r\n\r\n${'x'.repeat(belowBytes)}`

/** An answer of which nobody reads a byte, and which came to its end all the same. */
async function receiveUnread(): Promise<Readable> {
  const { body } = await pool.request(requestTo(server.port))
  if (!(body instanceof Readable)) throw new TypeError('the body came with the head')
  await expect.poll(() => body.readableLength).toBe(belowBytes)
  server.connections[0]?.write('x'.repeat(aboveBytes - belowBytes))
  await expect.poll(() => body.readableLength).toBe(aboveBytes)
  return body
}

describe('a connection whose last answer was not read as fast as it came', () => {
  test('hears the answer to the next request', async () => {
    const body = await receiveUnread()
    const next = await pool.request(requestTo(server.port))
    expect(await textOf(next.body)).toBe('hello')
    expect(server.connections).toHaveLength(1)
    expect(await textOf(body)).toHaveLength(aboveBytes)
  })

  test('notices that the upstream closes it', async () => {
    await receiveUnread()
    server.connections[0]?.end()
    await expect.poll(() => server.connections[0]?.closed).toBe(true)
  })
})
