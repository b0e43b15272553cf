import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import type { Logger } from '@twinlatch/kit'
import { asWireError, WireError } from '../errors.ts'

/** A port chosen by the system on the first address may be taken on the second; then we try again. */
const portChoicesMax = 20
/** What a machine without that address answers, e.g. no IPv6 in a container. */
const absentAddress = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

/** TCP listeners on the same port of several addresses. */
export interface BoundServers {
  readonly servers: readonly Server[]
  readonly port: number
}

/**
 * Binds every address in `hosts` with the same port; port 0 lets the system choose one that is free
 * on all. An address that this machine does not have is left out with a log line, as long as one
 * remains. Throws `wire/port-in-use` or `wire/cannot-listen`, with nothing left bound.
 */
export async function bindAll(
  options: { hosts: readonly string[]; port: number; log: Logger },
  onConnection: (socket: Socket) => void,
): Promise<BoundServers> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bindOnce(options, onConnection)
    } catch (error) {
      const taken = error instanceof WireError && error.code === 'wire/port-in-use'
      if (!taken || options.port !== 0 || attempt === portChoicesMax) throw error
    }
  }
}

async function bindOnce(
  { hosts, port, log }: { hosts: readonly string[]; port: number; log: Logger },
  onConnection: (socket: Socket) => void,
): Promise<BoundServers> {
  const servers: Server[] = []
  let chosen = port
  try {
    for (const host of hosts) {
      const server = createServer({ noDelay: true }, onConnection)
      try {
        await listen(server, host, chosen)
      } catch (error) {
        if (!isAbsentAddress(error)) throw error
        log.warn({ event: 'listener.address-absent', host }, 'this machine lacks the address')
        continue
      }
      servers.push(server)
      const address = server.address()
      if (address !== null && typeof address === 'object') chosen = address.port
    }
    if (servers.length === 0) {
      throw new WireError(
        'wire/cannot-listen',
        `none of ${hosts.join(', ')} exists on this machine`,
      )
    }
    return { servers, port: chosen }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, exclusive: true, ipv6Only: isIPv6(host) })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (isAbsentAddress(error)) throw error
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    throw inUse
      ? new WireError('wire/port-in-use', `port ${port} of ${host} is in use`, { cause: error })
      : asWireError(error, 'wire/cannot-listen', `cannot listen on ${host} port ${port}`)
  }
}

function isAbsentAddress(error: unknown): boolean {
  return error instanceof Error && 'code' in error && absentAddress.has(String(error.code))
}
