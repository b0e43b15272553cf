import type { Socket } from 'node:net'
import { chunkHead } from './http1/chunked.ts'

/** Told when the bytes were handed to the kernel, or why not. */
export type Written = (error?: Error | null) => void

/** Up to here a copy of the body costs less than a second write. */
const joinedBodyBytesMax = 16_384

/** Writes a head, and a body that is there, as one piece if that is cheaper. */
export function writeMessage(
  socket: Socket,
  head: string,
  body: Uint8Array | null,
  written?: Written,
): void {
  if (body === null || body.length === 0) {
    socket.write(head, 'latin1', written)
  } else if (body.length <= joinedBodyBytesMax) {
    socket.write(joined(head, body), written)
  } else {
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body, written)
    socket.uncork()
  }
}

/** Writes one chunk in its framing (RFC 9112 section 7.1); answers what `socket.write` answers. */
export function writeChunk(socket: Socket, chunk: Uint8Array, written?: Written): boolean {
  socket.cork()
  socket.write(chunkHead(chunk.length), 'latin1')
  socket.write(chunk)
  const free = socket.write('\r\n', 'latin1', written)
  socket.uncork()
  return free
}

function joined(head: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length)
  bytes.write(head, 0, 'latin1')
  bytes.set(body, head.length)
  return bytes
}
