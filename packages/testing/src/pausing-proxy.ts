import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Stoppable } from '@twinlatch/kit'

/** A TCP proxy that can become a network which swallows packets. */
export interface PausingProxy extends Stoppable {
  readonly port: number
  /** From now on nothing passes in either direction; connections are accepted and stay open. */
  pause(): void
  /** Everything that was held back is delivered. */
  resume(): void
  /** New connections pass; those that were open stay so and dead, as behind a router that forgot. */
  strand(): void
}

/** Forwards to `port` of 127.0.0.1. */
export async function openPausingProxy(port: number): Promise<PausingProxy> {
  const sockets = new Set<Socket>()
  const stranded = new WeakSet<Socket>()
  let paused = false
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on('data', (chunk) => other.write(chunk))
    socket.on('end', () => other.end())
    // Which the other side does not hear of either, while nothing passes.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      if (paused || stranded.has(socket)) return
      sockets.delete(socket)
      other.destroy()
    })
    if (paused) socket.pause()
  }
  const server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    keep(incoming, outgoing)
    keep(outgoing, incoming)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    pause() {
      paused = true
      for (const socket of sockets) socket.pause()
    },
    resume() {
      paused = false
      for (const socket of sockets) socket.resume()
    },
    strand() {
      paused = false
      for (const socket of sockets) stranded.add(socket)
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
