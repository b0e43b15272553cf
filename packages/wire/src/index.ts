export { type AbortNotice, AbortSource, abortSignalOf } from './abort-notice.ts'
export { parseClientHello } from './client-hello.ts'
export { WireError, type WireErrorCode } from './errors.ts'
export type {
  AcceptedConnection,
  ClientHello,
  EdgeFault,
  Exchange,
  HandshakeFault,
  HeaderLines,
  ListenerHandler,
  RequestHead,
  ResponseHead,
  TcpPeer,
  TlsDomain,
  TlsFacts,
  TlsSettings,
  TlsVersion,
  UpstreamPool,
  UpstreamRequest,
  UpstreamResponse,
  UpstreamTarget,
  UpstreamTls,
} from './exchange.ts'
export { type WireLimits, wireLimits } from './limits.ts'
export { loopbackLookup } from './loopback-lookup.ts'
export { type Authority, parseAuthority } from './request-authority.ts'
export { createTlsDomain } from './tls-domain.ts'
export { openTlsListener, type TlsListener } from './tls-listener.ts'
export { createUpstreamPool } from './upstream-pool.ts'
