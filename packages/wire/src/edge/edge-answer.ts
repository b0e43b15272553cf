import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestFault } from '../http1/request-fault.ts'

/**
 * An edge refusal as latin1 text: Envoy's, and the id by which the operator finds the reason
 * (gateway.md section 15). Rendered apart from answers of handlers: there is no request to answer to.
 */
export function refusalText(fault: RequestFault, requestId: string, date: string): string {
  const type = fault.body === '' ? '' : 'content-type: text/plain\r\n'
  const lines = `${type}content-length: ${fault.body.length}\r\nx-request-id: ${requestId}\r\n`
  const status = `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status]}\r\n`
  return `${status}${lines}connection: close\r\ndate: ${date}\r\n\r\n${fault.body}`
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
