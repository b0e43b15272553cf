export { type AbortNotice, AbortSource, abortSignalOf } from './abort-notice.ts'
export { parseClientHello } from './client-hello.ts'
export { WireError, type WireErrorCode } from './errors.ts'
export type {
  AcceptedConnection,
  EdgeFault,
  Exchange,
  ListenerHandler,
  RequestHead,
  ResponseHead,
} from './exchange.ts'
export { type HeaderLines, isNamed } from './header-lines.ts'
export { type WireLimits, wireLimits } from './limits.ts'
export { loopbackLookup } from './loopback-lookup.ts'
export { chainBytes } from './peer-chain.ts'
export { type Authority, parseAuthority } from './request-authority.ts'
export { readRequestHead } from './request-head.ts'
export { createTlsDomain } from './tls-domain.ts'
export type {
  ClientHello,
  HandshakeFault,
  TcpPeer,
  TlsDomain,
  TlsFacts,
  TlsSettings,
  TlsVersion,
} from './tls-facts.ts'
export { openTlsListener, type TlsListener } from './tls-listener.ts'
export type {
  UpstreamPool,
  UpstreamRequest,
  UpstreamResponse,
  UpstreamTarget,
  UpstreamTls,
} from './upstream.ts'
export { createUpstreamPool } from './upstream-pool.ts'
