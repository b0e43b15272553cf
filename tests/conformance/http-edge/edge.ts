import { once } from 'node:events'
import { Readable } from 'node:stream'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { isCodedError, Secret, silentLogger } from '@twinlatch/kit'
import { createTestAuthority } from '@twinlatch/testing'
import {
  createTlsDomain,
  createUpstreamPool,
  type EdgeFault,
  type Exchange,
  type HandshakeFault,
  openTlsListener,
  type TlsListener,
  type TlsSettings,
  type UpstreamPool,
  type UpstreamTls,
  type WireLimits,
} from '@twinlatch/wire'
import { openRawOrigin, type RawOrigin } from './raw-origin.ts'

/** Name under which the edge is called. */
export const host = 'edge.test.localhost'

/** A listener that forwards everything to a raw origin, and what was seen of it. */
export interface Edge {
  readonly listener: TlsListener
  readonly pool: UpstreamPool
  readonly origin: RawOrigin
  readonly seen: Seen
  /** A client with a certificate, after its handshake. */
  connect(options?: ConnectionOptions): Promise<TLSSocket>
  /** Resolves when `found` answers something, asked after every event of the listener. */
  until<T>(found: () => T | undefined | false | null): Promise<T>
  reset(): void
  stop(): Promise<void>
}

/** Written down by the handler. */
interface Seen {
  /** Every time that the handler was asked to answer a request. */
  readonly runs: Exchange<string>[]
  readonly faults: EdgeFault<string>[]
  readonly handshakeFaults: HandshakeFault[]
  /** Codes of upstream errors, also of those that broke off a body. */
  readonly upstreamErrors: string[]
  openConnections: number
  /** Contexts of connections that were accepted and have ended. */
  readonly closed: string[]
}

interface EdgeOptions {
  readonly limits?: Partial<WireLimits>
  /** How the edge speaks to the origin; plain unless given. */
  readonly upstreamTls?: UpstreamTls
  readonly upstreamPort?: number
  /** In place of forwarding. */
  readonly handle?: (exchange: Exchange<string>) => Promise<void>
}

/** One authority and certificates for both sides; made once, used by every test of a file. */
export async function createEdgeMaterial() {
  const authority = await createTestAuthority({ name: 'Edge', now: new Date() })
  const [server, client] = await Promise.all([
    authority.issue({
      subject: 'CN=edge',
      purpose: 'server',
      subjectAltNames: [{ type: 'dns', value: host }],
    }),
    authority.issue({ subject: 'CN=client,O=Twinlatch,C=DE' }),
  ])
  return { authority, server, client }
}

/** What `createEdgeMaterial` makes. */
export type EdgeMaterial = Awaited<ReturnType<typeof createEdgeMaterial>>

/** Opens an edge that lets in only clients with a verified certificate. */
export async function openEdge(material: EdgeMaterial, options: EdgeOptions = {}): Promise<Edge> {
  const origin = await openRawOrigin()
  const pool = createUpstreamPool({
    log: silentLogger,
    limits: { timeoutCheckIntervalMs: 20, ...options.limits },
  })
  const seen: Seen = {
    runs: [],
    faults: [],
    handshakeFaults: [],
    upstreamErrors: [],
    openConnections: 0,
    closed: [],
  }
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const check of [...watchers]) check()
  }
  const domain = createTlsDomain(settingsOf(material), { sessionIdContext: 'edge' })
  const target = {
    host: '127.0.0.1',
    port: options.upstreamPort ?? origin.port,
    tls: options.upstreamTls ?? null,
  }
  const handle =
    options.handle ?? ((exchange) => forward(exchange, { pool, target, seen, changed }))
  const listener = await openTlsListener<string>({
    hosts: ['127.0.0.1'],
    port: 0,
    limits: { lingeringCloseMs: 200, timeoutCheckIntervalMs: 20, ...options.limits },
    log: silentLogger,
    handler: {
      chooseDomain: () => domain,
      accept: (tls) => (tls.verified ? 'accepted' : null),
      onHandshakeFault: (fault) => {
        seen.handshakeFaults.push(fault)
        changed()
      },
      onEdgeFault: (fault) => {
        seen.faults.push(fault)
        changed()
      },
      handle: (exchange) => {
        seen.runs.push(exchange)
        changed()
        return handle(exchange)
      },
      onClose: (context) => {
        seen.closed.push(context)
        changed()
      },
      onOpenConnections: (count) => {
        seen.openConnections = count
        changed()
      },
    },
  })
  return {
    listener,
    pool,
    origin,
    seen,
    connect: (more) => connectClient(material, listener.port, more),
    until: (found) =>
      new Promise((resolve) => {
        const check = () => {
          const answer = found()
          if (answer === undefined || answer === false || answer === null) return
          watchers.delete(check)
          resolve(answer)
        }
        watchers.add(check)
        check()
      }),
    reset: () => {
      origin.reset()
      seen.runs.splice(0)
      seen.faults.splice(0)
      seen.handshakeFaults.splice(0)
      seen.upstreamErrors.splice(0)
      seen.closed.splice(0)
    },
    stop: async () => {
      await listener.stop({ graceMs: 0 })
      await pool.stop()
      origin.stop()
    },
  }
}

function settingsOf({ authority, server }: EdgeMaterial): TlsSettings {
  return {
    certificateChainPem: server.chainPem,
    privateKeyPem: new Secret(server.privateKeyPem),
    requestClientCertificate: true,
    clientAuthoritiesPem: [authority.rootPem],
    crlPem: null,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    cipherSuites: null,
  }
}

/** gateway.md section 15, as far as an upstream can cause it. */
const statusOf: ReadonlyMap<string, number> = new Map([
  ['wire/upstream-protocol', 502],
  ['wire/upstream-timeout', 504],
])

async function forward(
  exchange: Exchange<string>,
  context: {
    readonly pool: UpstreamPool
    readonly target: { host: string; port: number; tls: UpstreamTls | null }
    readonly seen: Seen
    readonly changed: () => void
  },
): Promise<void> {
  const { request, body, signal } = exchange
  const fail = (error: unknown) => {
    context.seen.upstreamErrors.push(isCodedError(error) ? error.code : String(error))
    context.changed()
  }
  try {
    const answer = await context.pool.request({
      target: context.target,
      method: request.method,
      path: request.target,
      headers: request.headers,
      body,
      signal,
    })
    if (answer.body instanceof Readable) answer.body.once('error', fail)
    const { status, headers } = answer
    await exchange.respond({ status, headers }, answer.body).catch(() => {})
  } catch (error) {
    fail(error)
    if (signal.aborted || exchange.responded) return
    const code = isCodedError(error) ? error.code : 'unknown'
    await exchange.respond({ status: statusOf.get(code) ?? 503, headers: [] }, code).catch(() => {})
  }
}

async function connectClient(
  { authority, client }: EdgeMaterial,
  port: number,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: host,
    ca: authority.rootPem,
    cert: client.chainPem,
    key: client.privateKeyPem,
    ...options,
  })
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  socket.on('error', () => {})
  return socket
}
