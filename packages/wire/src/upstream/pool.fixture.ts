import { once } from 'node:events'
import type { Socket } from 'node:net'
import { silentLogger } from '@twinlatch/kit'
import { afterEach, beforeEach } from 'vitest'
import type { WireLimits } from '../limits.ts'
import type { UpstreamPool, UpstreamRequest } from '../upstream.ts'
import { openScriptedServer, requestTo, type ScriptedServer, textOf } from './upstream.fixture.ts'
import { createUpstreamPool } from './upstream-pool.ts'

/** A pool for each test of one file, and the servers that it calls; all end with the test. */
export function poolOfEachTest() {
  let pool: UpstreamPool
  const servers: { stop(): void }[] = []
  beforeEach(() => {
    pool = createUpstreamPool({ log: silentLogger })
  })
  afterEach(async () => {
    await pool.stop()
    for (const server of servers.splice(0)) server.stop()
  })
  return {
    servers,
    pool: () => pool,
    /** Another pool in its place. */
    limit(limits: Partial<WireLimits>): void {
      pool = createUpstreamPool({ limits, log: silentLogger })
    },
    async open(...script: Parameters<typeof openScriptedServer>): Promise<ScriptedServer> {
      const server = await openScriptedServer(...script)
      servers.push(server)
      return server
    },
    async get(port: number, changes?: Partial<UpstreamRequest>) {
      const response = await pool.request(requestTo(port, changes))
      return { ...response, text: await textOf(response.body) }
    },
  }
}

export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** Resolves when our side has closed a connection. */
export async function ended(socket: Socket | undefined): Promise<void> {
  if (!socket) throw new Error('no such connection')
  if (!socket.readableEnded && !socket.destroyed) await once(socket, 'end')
}
