import { createServer, type Server } from 'node:net'
import { CliError } from '../cli-error.ts'

/** Every listener binds loopback only, both families where present: curl tries both. */
const loopbackAddresses = ['127.0.0.1', '::1'] as const

/** Ports of the listeners, in the order of architecture.md; `0` lets the system choose. */
export interface ListenerPorts {
  readonly control: number
  readonly gateway: number
  readonly health: number
}

/** Default ports; the two between are those of router and API management, which are not built yet. */
const defaultPorts: ListenerPorts = { control: 8443, gateway: 9443, health: 9090 }

/** The ports for `--port-base N`: the five listeners become N, N+1, … (console-and-cli.md 5.2). */
export function choosePorts(options: { portBase?: number; ephemeral: boolean }): ListenerPorts {
  const base = options.portBase
  if (base !== undefined) return { control: base, gateway: base + 1, health: base + 4 }
  if (options.ephemeral) return { control: 0, gateway: 0, health: 0 }
  return defaultPorts
}

/** A server that `listenOnLoopback` can bind: `node:http`, `node:https` and `node:net` alike. */
type Listening = Pick<Server, 'listen' | 'address' | 'once' | 'off' | 'close'>

/** Tries before giving up when the system's choice for one family is taken in the other. */
const portChoicesMax = 10

/**
 * Binds one server per loopback address to the same port and returns it. A machine without IPv6
 * has one; a port in use is named with its cure.
 */
export async function listenOnLoopback(
  create: () => Listening,
  port: number,
  what: string,
): Promise<{ port: number; servers: readonly Listening[] }> {
  for (let choice = 1; ; choice += 1) {
    const first = create()
    await bind(first, port, loopbackAddresses[0], what)
    const chosen = portOf(first)
    const second = create()
    try {
      await bind(second, chosen, loopbackAddresses[1], what)
      return { port: chosen, servers: [first, second] }
    } catch (error) {
      if (isAbsentFamily(error)) return { port: chosen, servers: [first] }
      first.close()
      if (port !== 0 || choice === portChoicesMax) throw error
    }
  }
}

/** A port that was free on loopback a moment ago, for a listener that must know it beforehand. */
export async function findFreePort(): Promise<number> {
  const { port, servers } = await listenOnLoopback(() => createServer(), 0, 'a free port')
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.close(() => done()))),
  )
  return port
}

function bind(server: Listening, port: number, address: string, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(nameBindError(error, port, what))
    server.once('error', onError)
    server.listen({ port, host: address, exclusive: true }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

/** What binding error says in words, with `--port-base` as the cure. */
function nameBindError(error: NodeJS.ErrnoException, port: number, what: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new CliError(`Port ${port} for ${what} is in use.`, {
      code: 'NET802',
      cure: 'Stop what uses it, or take five other ports with: twinlatch up --port-base 18443',
      cause: error,
    })
  }
  if (error.code === 'EACCES') {
    return new CliError(`Port ${port} for ${what} may not be used by this user.`, {
      cure: 'Take ports above 1024 with: twinlatch up --port-base 18443',
      cause: error,
    })
  }
  return error
}

function isAbsentFamily(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'
}

function portOf(server: Listening): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP listener')
  return address.port
}
