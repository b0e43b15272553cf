import { type RequestFault, requestFault } from './request-head.ts'

/** What Node reports on `clientError`. */
export type ParserError = NodeJS.ErrnoException & { readonly reason?: string }

/** Not faults of a request: the client left, or sent more after it had announced its last request. */
const endings: ReadonlySet<string> = new Set(['HPE_CLOSED_CONNECTION', 'HPE_INVALID_EOF_STATE'])

/**
 * The answer to bytes that Node's parser (llhttp, strict) refuses, by gateway.md section 9.4, or
 * `null` when there is nobody to answer: a connection that broke or ended.
 */
export function classifyParserError(error: ParserError): RequestFault | null {
  const code = error.code ?? ''
  const reason = error.reason ?? code
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return requestFault(408, 'the request did not arrive in time')
  if (!code.startsWith('HPE_') || endings.has(code)) return null
  if (code === 'HPE_HEADER_OVERFLOW') return requestFault(431, 'header section too large')
  if (code === 'HPE_INVALID_VERSION') {
    // One code for two faults: another version, and something behind the right one.
    return requestFault(reason.startsWith('Invalid HTTP version') ? 426 : 400, reason)
  }
  if (code === 'HPE_PAUSED_H2_UPGRADE') return requestFault(426, 'HTTP/2 without ALPN')
  if (code === 'HPE_INVALID_TRANSFER_ENCODING') {
    return requestFault(reason.includes('Content-Length') ? 400 : 501, reason)
  }
  return requestFault(400, reason)
}
