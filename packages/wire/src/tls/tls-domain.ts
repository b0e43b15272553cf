import { hash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TlsDomain, TlsSettings } from '../tls-facts.ts'
import { verificationError, watchHandshake } from './node-internals.ts'
import { ChainMemory } from './peer-chain.ts'
import { createDomainContext, type DomainContext } from './tls-context.ts'

/** What becomes of one connection that was handed to a domain; exactly one of them is called, once. */
export interface HandshakeEnd {
  /** `verifyError` is OpenSSL's code, `null` if it has no objection or there was no certificate. */
  secured(socket: TLSSocket, verifyError: string | null): void
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
  readonly #made: DomainContext
  readonly #running = new Set<Socket>()
  #closed = false

  constructor(settings: TlsSettings, name: string) {
    this.settings = settings
    this.#made = createDomainContext(settings, {
      // At most 32 bytes (OpenSSL's SSL_MAX_SID_CTX_LENGTH).
      sessionIdContext: hash('sha256', name).slice(0, 32),
      ticketKeys: freshTicketKeys(),
    })
  }

  /**
   * Makes the server's side of a handshake on a raw connection whose ClientHello was put back
   * unread. `timeoutMs` is for all of it: a peer that sends a byte now and then gains nothing.
   */
  handshake(raw: Socket, timeoutMs: number, end: HandshakeEnd): void {
    if (this.#closed) {
      raw.destroy()
      end.failed(new Error('the trust domain was closed'))
      return
    }
    this.#running.add(raw)
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: this.#made.context,
      requestCert: this.settings.requestClientCertificate,
      // OpenSSL verifies, our code decides on the finished handshake (gateway.md section 4.3).
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    })
    let pending = true
    const settle = () => {
      const first = pending
      pending = false
      clearTimeout(timer)
      this.#running.delete(raw)
      return first
    }
    const fail = (error: Error) => {
      socket.destroy()
      if (settle()) end.failed(error)
    }
    const timer = setTimeout(() => {
      fail(Object.assign(new Error(`not finished within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }))
    }, timeoutMs)
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('closed by the peer')))
    watchHandshake(socket, {
      failed: fail,
      finished: () => {
        if (this.#closed) fail(new Error('the trust domain was closed'))
        else if (settle()) end.secured(socket, verificationError(socket))
      },
    })
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#running) socket.destroy()
  }
}

/**
 * Ticket keys that no other domain has. Drawn for many domains at a time: what Node makes for every
 * draw is let go of later, between the contexts of a thousand domains, and the allocator of OpenSSL
 * then looks through those holes with every handshake.
 */
function freshTicketKeys(): Buffer {
  if (drawn.length === 0) drawn = randomBytes(ticketKeysBytes * domainsPerDraw)
  const keys = drawn.subarray(0, ticketKeysBytes)
  drawn = drawn.subarray(ticketKeysBytes)
  return keys
}

/** Node's: a name, a key for the signature and one for the cipher, 16 bytes each. */
const ticketKeysBytes = 48
const domainsPerDraw = 64
let drawn = Buffer.alloc(0)
