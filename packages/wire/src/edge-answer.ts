import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { HeaderLines } from './exchange.ts'
import type { RequestFault } from './request-head.ts'

/** Lines of an edge refusal: Envoy's, and the id by which the operator finds the reason (gateway.md section 15). */
export function refusalLines(fault: RequestFault, requestId: string): HeaderLines {
  const type: HeaderLines = fault.body === '' ? [] : [['content-type', 'text/plain']]
  return [
    ...type,
    ['content-length', `${Buffer.byteLength(fault.body)}`],
    ['x-request-id', requestId],
    ['connection', 'close'],
  ]
}

/** The same as bytes, for a request that never became one, so that nobody else writes an answer. */
export function refusalBytes(fault: RequestFault, requestId: string): string {
  const lines = refusalLines(fault, requestId).map(([name, value]) => `${name}: ${value}\r\n`)
  const date = `date: ${new Date().toUTCString()}\r\n`
  return `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}\r\n${lines.join('')}${date}\r\n${fault.body}`
}

/**
 * Ends a connection so that its last answer arrives: our side is closed, what the client still
 * sends is read and dropped for a moment, since an unread byte would turn the close into a reset
 * that takes the answer with it (RFC 9112 section 9.6).
 */
export function closeLingering(socket: Socket, lingerMs: number): void {
  if (socket.destroyed) return
  if (!socket.writableEnded) socket.end()
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
