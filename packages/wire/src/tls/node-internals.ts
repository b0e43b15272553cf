import type { TLSSocket } from 'node:tls'

/**
 * What `tls.Server` does for its sockets and Node offers no public way to do oneself. We cannot
 * stand on `tls.Server`: before `secureConnection` it reads the peer's certificate once (Node
 * 24.21), which takes the rest of the sent chain out of the session; its own context drops
 * `allowPartialTrustChain`; and its events do not say which connection they are about.
 *
 * Everything here fails closed: without the first event no handshake ever finishes, without the
 * second a fault is seen as a closed connection, without the third nobody is verified.
 */
export function watchHandshake(
  socket: TLSSocket,
  events: { finished: () => void; failed: (error: Error) => void },
): void {
  const emitter: NodeJS.EventEmitter = socket
  emitter.on('secure', events.finished)
  emitter.on('_tlsError', events.failed)
}

/** OpenSSL's verdict on the chain of a finished handshake, or `null` if it verified it. */
export function verificationError(socket: TLSSocket): string | null {
  const handle = (socket as TLSSocket & { readonly _handle?: VerifyingHandle | null })._handle
  if (typeof handle?.verifyError !== 'function') return 'UNKNOWN'
  const error = handle.verifyError()
  return error ? (error.code ?? 'UNKNOWN') : null
}

interface VerifyingHandle {
  verifyError?(): NodeJS.ErrnoException | null | undefined
}
