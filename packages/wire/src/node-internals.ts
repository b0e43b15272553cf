import type { Socket } from 'node:net'
import type { SecureContext, Server, TLSSocket } from 'node:tls'

/**
 * The two places where Node offers no public way. Both fail closed: without the first a connection
 * is not found and destroyed, without the second an intermediate is no anchor and its clients are
 * refused. `tls-domain.test.ts` and `tls-listener.test.ts` notice either.
 */

/** The TCP socket below a TLS socket that a `tls.Server` made of it. */
export function rawSocketOf(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent
}

/**
 * Makes `context` the one for hellos without SNI. `SNICallback` is asked for the others only, and
 * the context that `createServer` builds from its own options drops `allowPartialTrustChain`.
 */
export function useContextWithoutServerName(server: Server, context: SecureContext): void {
  Object.assign(server, { _sharedCreds: context })
}
