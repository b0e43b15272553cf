import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { Secret, silentLogger } from '@twinlatch/kit'
import { createTestAuthority, type TestAuthority } from '@twinlatch/testing'
import type { EdgeFault, Exchange, ListenerHandler } from '../exchange.ts'
import type { WireLimits } from '../limits.ts'
import type {
  ClientHello,
  HandshakeFault,
  TcpPeer,
  TlsDomain,
  TlsFacts,
  TlsSettings,
} from '../tls-facts.ts'
import { createTlsDomain } from './tls-domain.ts'
import { openTlsListener, type TlsListener } from './tls-listener.ts'

/** Authorities of two trust domains and of the server, made once per test file. */
export interface Material {
  readonly server: TestAuthority
  readonly alpha: TestAuthority
  readonly beta: TestAuthority
  readonly serverChainPem: string
  readonly serverKeyPem: string
}

export async function createMaterial(): Promise<Material> {
  const now = new Date(Math.floor(Date.now() / 1_000) * 1_000)
  const [server, alpha, beta] = await Promise.all([
    createTestAuthority({ name: 'Server', now }),
    createTestAuthority({ name: 'Alpha', now }),
    createTestAuthority({ name: 'Beta', now }),
  ])
  const leaf = await server.issue({
    subject: 'CN=server',
    purpose: 'server',
    subjectAltNames: ['a', 'b', 'plain', 'other'].map((label) => ({
      type: 'dns',
      value: `${label}.test.localhost`,
    })),
  })
  const { chainPem: serverChainPem, privateKeyPem: serverKeyPem } = leaf
  return { server, alpha, beta, serverChainPem, serverKeyPem }
}

/** Settings of a domain that trusts the clients of `alpha`, with changes. */
export function settingsOf(material: Material, changes: Partial<TlsSettings> = {}): TlsSettings {
  return {
    certificateChainPem: material.serverChainPem,
    privateKeyPem: new Secret(material.serverKeyPem),
    requestClientCertificate: true,
    clientAuthoritiesPem: [material.alpha.rootPem],
    crlPem: null,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    cipherSuites: null,
    ...changes,
  }
}

/** A listener with a handler that writes down what it was asked and told. */
export interface TestListener {
  readonly listener: TlsListener
  readonly port: number
  readonly accepted: TlsFacts[]
  readonly peers: TcpPeer[]
  readonly refused: TlsFacts[]
  readonly faults: {
    fault: HandshakeFault
    peer: TcpPeer
    hello: ClientHello | null
    domain: TlsDomain | null
  }[]
  readonly edgeFaults: EdgeFault<string>[]
  readonly handled: Exchange<string>[]
  /** Resolves when `found` answers something, asked after every event. */
  until<T>(found: () => T | undefined | false): Promise<T>
  stop(): Promise<void>
}

interface ListenerOptions {
  domains: ReadonlyMap<string | null, TlsDomain>
  handle?: (exchange: Exchange<string>) => Promise<void>
  accept?: ListenerHandler<string>['accept']
  limits?: Partial<WireLimits>
  hosts?: string[]
}

/** Opens it on both loopback addresses; peers are accepted if verified, or if none was asked for. */
export async function openTestListener(options: ListenerOptions): Promise<TestListener> {
  const { changed, until } = createWatch()
  const seen: Seen = {
    accepted: [],
    peers: [],
    refused: [],
    faults: [],
    edgeFaults: [],
    handled: [],
  }
  const listener = await openTlsListener<string>({
    hosts: options.hosts ?? ['127.0.0.1', '::1'],
    port: 0,
    limits: { lingeringCloseMs: 100, timeoutCheckIntervalMs: 20, ...options.limits },
    log: silentLogger,
    handler: recordingHandler(options, seen, changed),
  })
  return {
    ...seen,
    listener,
    port: listener.port,
    until,
    stop: () => listener.stop({ graceMs: 0 }),
  }
}

type Seen = Omit<TestListener, 'listener' | 'port' | 'until' | 'stop'>

function recordingHandler(
  options: ListenerOptions,
  seen: Seen,
  changed: () => void,
): ListenerHandler<string> {
  const accept: ListenerHandler<string>['accept'] =
    options.accept ??
    ((tls, _peer, domain) =>
      tls.verified || !domain.settings.requestClientCertificate ? 'accepted' : null)
  return {
    chooseDomain: (hello) => options.domains.get(hello.serverName) ?? null,
    accept: (tls, peer, domain) => {
      const context = accept(tls, peer, domain)
      const list = context === null ? seen.refused : seen.accepted
      list.push(tls)
      seen.peers.push(peer)
      changed()
      return context
    },
    onHandshakeFault: (fault, peer, hello, domain) => {
      seen.faults.push({ fault, peer, hello, domain })
      changed()
    },
    onEdgeFault: (fault) => {
      seen.edgeFaults.push(fault)
      changed()
    },
    handle: (exchange) => {
      seen.handled.push(exchange)
      changed()
      return options.handle?.(exchange) ?? exchange.respond({ status: 200, headers: [] }, 'hello')
    },
  }
}

/** Lets a test wait for something that `changed` is called after. */
function createWatch(): { changed: () => void; until: TestListener['until'] } {
  const waiting = new Set<() => void>()
  return {
    changed: () => {
      for (const check of [...waiting]) check()
    },
    until: <T>(found: () => T | undefined | false) =>
      new Promise<T>((resolve) => {
        const check = () => {
          const answer = found()
          if (answer === undefined || answer === false) return
          waiting.delete(check)
          resolve(answer)
        }
        waiting.add(check)
        check()
      }),
  }
}

/** Domains under their names. */
export function domainsOf(
  entries: Readonly<Record<string, TlsSettings>>,
): ReadonlyMap<string | null, TlsDomain> {
  return new Map(
    Object.entries(entries).map(([name, settings]) => [
      name === '' ? null : name,
      createTlsDomain(settings, { sessionIdContext: name }),
    ]),
  )
}

/** A real client; resolves when its handshake is finished from its point of view. */
export async function connectClient(
  port: number,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: 'a.test.localhost',
    rejectUnauthorized: false,
    ...options,
  })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

/**
 * Connects, sends, and reads what comes until the end; nothing comes when the server closes, which
 * a TLS 1.2 client sees before its handshake is finished and a TLS 1.3 client after it.
 */
export async function attempt(
  port: number,
  options: ConnectionOptions,
  bytes: string,
): Promise<string> {
  try {
    const client = await connectClient(port, options)
    client.write(bytes)
    return await readToEnd(client)
  } catch {
    return ''
  }
}

export async function connectRaw(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connectTcp({ host, port })
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

/** Everything that comes until the peer closes, however it closes. */
export function readToEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    if (socket.destroyed) resolve(text)
  })
}

/** Reads until the text matches; rejects when the connection ends before. */
export function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!pattern.test(text)) return
      socket.off('data', onData).off('close', onClose)
      resolve(text)
    }
    const onClose = () => reject(new Error(`closed after ${JSON.stringify(text)}`))
    socket.on('data', onData).on('close', onClose)
  })
}
