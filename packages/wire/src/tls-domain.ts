import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import type { TlsDomain, TlsSettings } from './exchange.ts'
import { wireLimits } from './limits.ts'
import { rawSocketOf, useContextWithoutServerName } from './node-internals.ts'
import { ChainMemory } from './peer-chain.ts'
import { createDomainContext } from './tls-context.ts'

/** What becomes of one connection that was handed to a domain; exactly one of them is called, once. */
export interface HandshakeEnd {
  secured(socket: TLSSocket): void
  failed(error: NodeJS.ErrnoException): void
}

/**
 * Builds one trust domain: own server certificate, own authorities, own ticket keys. Nothing of
 * the settings is used before all of it was found usable; throws a `WireError` that says what is
 * not (`wire/unusable-certificate`, `-key`, `-authorities`, `-crl`, `-ciphers`, `-versions`).
 *
 * `sessionIdContext` names the domain (any text). Ticket keys are fresh with every call, so that a
 * domain built anew after a change of authorities or CRL resumes nothing from before
 * (gateway.md section 4.3); keep the same object as long as the settings are the same.
 */
export function createTlsDomain(
  settings: TlsSettings,
  options: { sessionIdContext: string },
): TlsDomain {
  return new NodeTlsDomain(settings, options.sessionIdContext)
}

/** The domain on `node:tls`. Only the listener sees more of it than the interface. */
export class NodeTlsDomain implements TlsDomain {
  readonly settings: TlsSettings
  /** Chains of peers that may come back with a session (see `peer-chain.ts`). */
  readonly chains = new ChainMemory()
  readonly #server: Server
  readonly #running = new Map<Socket, HandshakeEnd>()
  #closed = false

  constructor(settings: TlsSettings, name: string) {
    this.settings = settings
    const context = createDomainContext(settings, {
      // At most 32 bytes (OpenSSL's SSL_MAX_SID_CTX_LENGTH).
      sessionIdContext: createHash('sha256').update(name).digest('hex').slice(0, 32),
      ticketKeys: randomBytes(48),
    })
    this.#server = this.#createServer(context)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Takes over a raw connection whose ClientHello was put back unread. */
  handshake(socket: Socket, end: HandshakeEnd): void {
    if (this.#closed) {
      socket.destroy()
      end.failed(new Error('the trust domain was closed'))
      return
    }
    this.#running.set(socket, end)
    this.#server.emit('connection', socket)
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#running.keys()) socket.destroy()
  }

  #createServer(context: SecureContext): Server {
    const server = createServer({
      requestCert: this.settings.requestClientCertificate,
      // OpenSSL verifies, our code decides on `secureConnection` (gateway.md section 4.3).
      rejectUnauthorized: false,
      handshakeTimeout: wireLimits.handshakeTimeoutMs,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (_serverName, done) => done(null, context),
    })
    useContextWithoutServerName(server, context)
    server.on('secureConnection', (socket) => {
      const end = this.#take(socket)
      if (end && !this.#closed) return end.secured(socket)
      socket.destroy()
      end?.failed(new Error('the trust domain was closed'))
    })
    server.on('tlsClientError', (error, socket) => {
      this.#take(socket)?.failed(error)
      socket.destroy()
    })
    return server
  }

  #take(socket: TLSSocket): HandshakeEnd | undefined {
    const raw = rawSocketOf(socket)
    const end = raw && this.#running.get(raw)
    if (raw) this.#running.delete(raw)
    return end
  }
}
