import type { KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import { getRequestListener } from '@hono/node-server'
import { createProblem, type Logger, problemResponse, type Stoppable } from '@twinlatch/kit'
import type { Hono } from 'hono'
import { type Drain, followConnections } from './drain.ts'
import { listenOnLoopback } from './listen.ts'

/** Certificate of a listener of ours: leaf and issuing authority, and the key. */
export interface ServerIdentity {
  readonly chainPem: string
  readonly privateKey: KeyObject
}

/** The control listener: HTTPS on loopback, one certificate, no client certificates yet. */
export interface ControlListener extends Stoppable {
  readonly port: number
  /** Takes `app` into service; until then every request is answered 503. */
  serve(app: Hono): void
  /** Uses another certificate for new connections; open ones live on. */
  renew(identity: ServerIdentity): void
}

/** How long a client may take for its header section, and for a whole request. */
const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000
/** How long running requests may take to end after the listener has closed. */
const drainTimeoutMs = 5000
/** Long enough for a bearer token and a cookie or two. */
const headerBytesMax = 32 * 1024
/**
 * Loopback clients of one machine. One more is dropped, not queued: Node accepts and closes it, so
 * whoever holds all of them shuts others out until they end or time out.
 */
const connectionsMax = 1000

/** Binds the control listener before the services exist, because they publish its port. */
export async function openControlListener(
  port: number,
  identity: ServerIdentity,
  log: Logger,
): Promise<ControlListener> {
  let current: Hono | null = null
  const listener = getRequestListener(
    (request, env) =>
      current?.fetch(asOwn(request), env) ??
      problemResponse(createProblem(503, 'The server is starting; try again.')),
    { overrideGlobalObjects: false },
  )
  const https: Server[] = []
  const drains: Drain[] = []
  const create = () => {
    const server = createServer({
      ...tlsOptions(identity),
      minVersion: 'TLSv1.2',
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
    })
    server.maxConnections = connectionsMax
    server.on('request', listener)
    server.on('tlsClientError', (error) =>
      log.debug({ event: 'control.handshake_failed', reason: error.message }, 'handshake failed'),
    )
    https.push(server)
    drains.push(followConnections(server))
    return server
  }
  const bound = await listenOnLoopback(create, port, 'the control listener')
  const servers = https.filter((server) => bound.servers.includes(server))
  return {
    port: bound.port,
    serve: (app) => {
      current = app
    },
    renew: (next) => {
      for (const server of servers) server.setSecureContext(tlsOptions(next))
    },
    stop: async () => {
      await Promise.all(drains.map((drain) => drain.stop(drainTimeoutMs)))
    },
  }
}

/**
 * A request without a length has to be read to be limited, which Hono's limit does by making a new
 * one of it, and the runtime makes none of the adapter's: such a request is made one of its own.
 */
function asOwn(request: Request): Request {
  const { method, url, headers, signal } = request
  if (method === 'GET' || method === 'HEAD' || headers.has('content-length')) return request
  return new Request(url, { method, headers, signal, body: request.body, duplex: 'half' })
}

function tlsOptions(identity: ServerIdentity): { key: string; cert: string } {
  const key = identity.privateKey.export({ type: 'pkcs8', format: 'pem' })
  return { key: String(key), cert: identity.chainPem }
}
