export { type AbortNotice, AbortSource, abortSignalOf } from './abort-notice.ts'
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
export { type Authority, parseAuthority } from './http1/request-authority.ts'
export { readRequestHead } from './http1/request-head.ts'
export { type WireLimits, wireLimits } from './limits.ts'
export { parseClientHello } from './tls/client-hello.ts'
export { chainBytes } from './tls/peer-chain.ts'
export { createTlsDomain } from './tls/tls-domain.ts'
export { openTlsListener, type TlsListener } from './tls/tls-listener.ts'
export type {
  ClientHello,
  HandshakeFault,
  TcpPeer,
  TlsDomain,
  TlsFacts,
  TlsSettings,
  TlsVersion,
} from './tls-facts.ts'
export { loopbackLookup } from './upstream/loopback-lookup.ts'
export { createUpstreamPool } from './upstream/upstream-pool.ts'
export type {
  UpstreamPool,
  UpstreamRequest,
  UpstreamResponse,
  UpstreamTarget,
  UpstreamTls,
} from './upstream.ts'
