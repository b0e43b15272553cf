import type { Socket } from 'node:net'
import type { WireLimits } from '../limits.ts'
import type { ClientHello, HandshakeFault } from '../tls-facts.ts'
import { parseClientHello } from './client-hello.ts'

type HelloLimits = Pick<WireLimits, 'clientHelloBytesMax' | 'clientHelloTimeoutMs'>

/**
 * Waits for the ClientHello of a fresh connection and calls `done` exactly once: with the hello,
 * all bytes put back into the socket and the socket paused, or with what was wrong. Copes with any
 * segmentation; bounded in bytes and in time (gateway.md section 4.3).
 */
export function readClientHello(
  socket: Socket,
  limits: HelloLimits,
  done: (result: ClientHello | HandshakeFault) => void,
): void {
  const chunks: Buffer[] = []
  let received = 0
  let needBytes = 1

  const finish = (result: ClientHello | HandshakeFault) => {
    clearTimeout(timer)
    socket.off('data', onData).off('end', onEnd).off('close', onEnd)
    socket.pause()
    done(result)
  }
  const onEnd = () =>
    finish({ kind: 'closed-by-peer', detail: `closed after ${received} bytes of a ClientHello` })
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    received += chunk.length
    // Parsing only when the missing bytes are there keeps a hello sent byte by byte cheap.
    if (received < needBytes) return
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, received)
    chunks.splice(0, chunks.length, bytes)
    const result = parseClientHello(bytes, limits.clientHelloBytesMax)
    if (result.kind === 'incomplete') {
      needBytes = result.needBytes
    } else if (result.kind === 'fault') {
      finish(result.fault)
    } else {
      socket.pause()
      socket.unshift(bytes)
      finish(result.hello)
    }
  }
  const timer = setTimeout(() => {
    finish({
      kind: 'timeout',
      detail: `no ClientHello within ${limits.clientHelloTimeoutMs} ms (${received} bytes came)`,
    })
  }, limits.clientHelloTimeoutMs)

  socket.on('data', onData).on('end', onEnd).on('close', onEnd)
}
