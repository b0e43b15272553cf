import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Clock, type Logger, messageOf, systemClock } from '@twinlatch/kit'
import { HttpEdge } from '../edge/http-edge.ts'
import type { ListenerHandler } from '../exchange.ts'
import { limitsWith, type WireLimits } from '../limits.ts'
import type { ClientHello, HandshakeFault, TcpPeer, TlsDomain, TlsFacts } from '../tls-facts.ts'
import { AddressCount } from './address-count.ts'
import { classifyHandshakeError } from './handshake-fault.ts'
import { readClientHello } from './hello-reader.ts'
import { type BoundServers, bindAll } from './listen.ts'
import { chainBytes, readPeerChain } from './peer-chain.ts'
import { NodeTlsDomain } from './tls-domain.ts'

/** A port that answers on all of its addresses. */
export interface TlsListener {
  readonly port: number
  /**
   * Takes no new connection, ends idle ones, lets running requests finish for `graceMs` with
   * `connection: close` on their answers, then destroys what is left. Idempotent.
   */
  stop(options: { graceMs: number }): Promise<void>
}

/**
 * Opens one port on every address in `hosts`. For each connection, in this order: peer captured,
 * ClientHello read without consuming it, `chooseDomain`, handshake by that domain's own TLS server,
 * `accept`; only then the first byte is parsed as HTTP. Everything that is not positively accepted,
 * a throw of the handler included, is destroyed without an answer (gateway.md section 4.3).
 */
export async function openTlsListener<Context>(options: {
  hosts: readonly string[]
  port: number
  handler: ListenerHandler<Context>
  limits?: Partial<WireLimits>
  /** For `TcpPeer.acceptedAt`; the machine's clock unless given. */
  clock?: Clock
  log: Logger
}): Promise<TlsListener> {
  const { handler, log, clock = systemClock } = options
  const listener = new NodeTlsListener({ handler, limits: limitsWith(options.limits), log, clock })
  return listener.open(options)
}

class NodeTlsListener<Context> implements TlsListener {
  readonly #handler: ListenerHandler<Context>
  readonly #limits: WireLimits
  readonly #log: Logger
  readonly #clock: Clock
  readonly #edge: HttpEdge<Context>
  readonly #sockets = new Set<Socket>()
  readonly #handshaking = new Set<Socket>()
  readonly #perAddress: AddressCount
  #bound: BoundServers = { servers: [], port: 0 }
  #stopped: Promise<void> | null = null

  constructor(options: {
    handler: ListenerHandler<Context>
    limits: WireLimits
    log: Logger
    clock: Clock
  }) {
    this.#handler = options.handler
    this.#limits = options.limits
    this.#perAddress = new AddressCount(options.limits.openConnectionsPerAddressMax)
    this.#log = options.log
    this.#clock = options.clock
    this.#edge = new HttpEdge(options.handler, options.limits, options.log)
  }

  get port(): number {
    return this.#bound.port
  }

  async open(options: { hosts: readonly string[]; port: number }): Promise<TlsListener> {
    this.#bound = await bindAll({ ...options, log: this.#log }, (socket) => this.#arrive(socket))
    for (const server of this.#bound.servers) {
      server.on('error', (error) => {
        this.#log.error({ event: 'listener.error', error: messageOf(error) }, 'listener failed')
      })
    }
    return this
  }

  stop({ graceMs }: { graceMs: number }): Promise<void> {
    this.#stopped ??= this.#drain(graceMs)
    return this.#stopped
  }

  async #drain(graceMs: number): Promise<void> {
    const closed = this.#bound.servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    for (const socket of this.#handshaking) socket.destroy()
    await this.#edge.drain(graceMs)
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
  }

  #arrive(socket: Socket): void {
    const peer = capturePeer(socket, this.#clock)
    socket.on('error', () => {})
    // A peer that is gone already has no address to report.
    if (!peer || this.#stopped) {
      socket.destroy()
      return
    }
    if (this.#sockets.size >= this.#limits.openConnectionsMax) {
      socket.destroy()
      const detail = `more than ${this.#limits.openConnectionsMax} open connections`
      this.#report({ kind: 'limit', detail }, peer, null, null)
      return
    }
    if (!this.#perAddress.take(peer.address)) {
      socket.destroy()
      const detail = `more than ${this.#limits.openConnectionsPerAddressMax} open connections of one address`
      this.#report({ kind: 'limit', detail }, peer, null, null)
      return
    }
    this.#sockets.add(socket)
    this.#handshaking.add(socket)
    this.#countOpen()
    socket.once('close', () => {
      this.#perAddress.give(peer.address)
      this.#sockets.delete(socket)
      this.#handshaking.delete(socket)
      this.#countOpen()
    })
    readClientHello(socket, this.#limits, (result) => {
      if ('kind' in result) {
        socket.destroy()
        this.#report(result, peer, null, null)
      } else {
        this.#greet(socket, peer, result)
      }
    })
  }

  #greet(socket: Socket, peer: TcpPeer, hello: ClientHello): void {
    const domain = this.#chooseDomain(hello, peer)
    if (!domain) {
      socket.destroy()
      return
    }
    domain.handshake(socket, this.#limits.handshakeTimeoutMs, {
      secured: (tlsSocket, verifyError) => {
        this.#handshaking.delete(socket)
        const tls = tlsFacts({ socket: tlsSocket, hello, domain, verifyError })
        const fault = checkChainSize(tls, this.#limits)
        if (fault) {
          tlsSocket.destroy()
          this.#report(fault, peer, hello, domain)
        } else {
          this.#decide(tlsSocket, peer, domain, tls)
        }
      },
      failed: (error) => {
        this.#handshaking.delete(socket)
        this.#report(classifyHandshakeError(error), peer, hello, domain)
      },
    })
  }

  #chooseDomain(hello: ClientHello, peer: TcpPeer): NodeTlsDomain | null {
    try {
      const domain = this.#handler.chooseDomain(hello, peer)
      if (domain === null || domain instanceof NodeTlsDomain) return domain
      throw new TypeError('chooseDomain answered a domain that createTlsDomain did not make')
    } catch (error) {
      this.#log.error({ event: 'listener.handler-threw', error: messageOf(error) }, 'chooseDomain')
      return null
    }
  }

  #decide(socket: TLSSocket, peer: TcpPeer, domain: NodeTlsDomain, tls: TlsFacts): void {
    const context = this.#accept(tls, peer, domain)
    if (context === null) {
      socket.destroy()
      return
    }
    socket.once('close', () => this.#closed(context))
    if (!tls.resumed) domain.chains.remember(tls.peerCertificates)
    this.#edge.adopt(socket, { peer, tls, context, destroy: () => void socket.destroy() })
  }

  #accept(tls: TlsFacts, peer: TcpPeer, domain: TlsDomain): Context | null {
    try {
      return this.#handler.accept(tls, peer, domain) ?? null
    } catch (error) {
      this.#log.error({ event: 'listener.handler-threw', error: messageOf(error) }, 'accept')
      return null
    }
  }

  #closed(context: Context): void {
    try {
      this.#handler.onClose?.(context)
    } catch (error) {
      this.#log.error({ event: 'listener.handler-threw', error: messageOf(error) }, 'onClose')
    }
  }

  #report(
    fault: HandshakeFault,
    peer: TcpPeer,
    hello: ClientHello | null,
    domain: TlsDomain | null,
  ): void {
    try {
      this.#handler.onHandshakeFault(fault, peer, hello, domain)
    } catch (error) {
      this.#log.error({ event: 'listener.handler-threw', error: messageOf(error) }, 'fault record')
    }
  }

  #countOpen(): void {
    try {
      this.#handler.onOpenConnections?.(this.#sockets.size)
    } catch (error) {
      this.#log.error({ event: 'listener.handler-threw', error: messageOf(error) }, 'open count')
    }
  }
}

function capturePeer(socket: Socket, clock: Clock): TcpPeer | null {
  const { remoteAddress, remotePort, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined || localPort === undefined)
    return null
  // RFC 4291 section 2.5.5.2: the same IPv4 peer must not have two spellings.
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '')
  return { address, port: remotePort, localPort, acceptedAt: clock.now() }
}

function checkChainSize(tls: TlsFacts, limits: WireLimits): HandshakeFault | null {
  const bytes = chainBytes(tls.peerCertificates)
  if (bytes <= limits.peerChainBytesMax) return null
  const detail = `a certificate chain of ${bytes} bytes, the limit is ${limits.peerChainBytesMax}`
  return { kind: 'limit', detail }
}

function tlsFacts(handshake: {
  socket: TLSSocket
  hello: ClientHello
  domain: NodeTlsDomain
  verifyError: string | null
}): TlsFacts {
  const { socket, hello, domain, verifyError } = handshake
  const resumed = socket.isSessionReused()
  const sent = domain.settings.requestClientCertificate
    ? readPeerChain(socket, domain.chains, { verified: verifyError === null, resumed })
    : []
  // The absent certificate first: OpenSSL's verdict means nothing then (gateway.md section 4.3).
  const present = sent.length > 0
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
    resumed,
    serverName: hello.serverName,
    peerCertificates: resumed ? domain.chains.recall(sent) : sent,
    verified: present && verifyError === null,
    verifyError: present ? verifyError : null,
  }
}
