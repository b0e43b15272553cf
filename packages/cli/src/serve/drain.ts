import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The connections of one HTTP or HTTPS server. */
export interface Drain {
  /**
   * Stops listening, ends every connection that has no request under way, lets the others finish,
   * and ends them too after `graceMs`.
   */
  stop(graceMs: number): Promise<void>
}

/**
 * Follows the connections of `server` from their first byte on. Node's own bookkeeping begins with
 * a request or a finished handshake, so that a peer that says nothing would keep a stopping server
 * from its end.
 */
export function followConnections(server: Server): Drain {
  const sockets = new Map<string, Socket>()
  const busy = new Set<string>()
  let stopping = false

  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    sockets.set(peer, socket)
    socket.once('close', () => sockets.delete(peer))
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Of a TLS connection this is the inner socket; both have the same peer.
    const peer = peerOf(request.socket)
    busy.add(peer)
    response.once('close', () => {
      busy.delete(peer)
      if (stopping) request.socket.end()
    })
  })
  return {
    stop: async (graceMs) => {
      stopping = true
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const [peer, socket] of sockets) if (!busy.has(peer)) socket.destroy()
      const timer = setTimeout(() => {
        for (const socket of sockets.values()) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}
