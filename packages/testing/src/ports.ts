import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

/**
 * `count` different TCP ports that were free a moment ago on 127.0.0.1. All are held until the last
 * one is known, so that the system cannot hand out one of them twice.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  try {
    for (let index = 0; index < count; index++) {
      const server = createServer()
      servers.push(server)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    return servers.map((server) => (server.address() as AddressInfo).port)
  } finally {
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  }
}

/** A TCP port that was free a moment ago on 127.0.0.1. Prefer port 0 where the server can tell its port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}
