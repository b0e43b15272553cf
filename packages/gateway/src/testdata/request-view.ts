import { parseCertificates } from '@twinlatch/pki'
import { identifyPeer, type PeerIdentity } from '@twinlatch/trust'
import type { RequestView } from '../compiled.ts'
import { workedCertificate } from './worked-certificate.ts'

/** The peer with the certificate of gateway.md section 7.5. */
export function workedPeer(): PeerIdentity {
  return identifyPeer(parseCertificates(workedCertificate).map(({ raw }) => raw))
}

/** A request as one policy point sees it; headers are lines by lower-case name. */
export function requestView(
  parts: Partial<Omit<RequestView, 'header'>> & {
    readonly headers?: Readonly<Record<string, string | readonly string[]>>
  } = {},
): RequestView {
  const { headers = {}, ...rest } = parts
  return {
    method: 'GET',
    authority: 'a.mtls.localhost',
    path: '/',
    query: null,
    scheme: 'https',
    peer: null,
    sourceAddress: '192.0.2.1',
    remoteAddress: '198.51.100.7',
    principals: [],
    authenticated: false,
    serverName: 'a.mtls.localhost',
    destinationPort: 8443,
    ...rest,
    header: (name) => {
      const lines = headers[name] ?? []
      return typeof lines === 'string' ? [lines] : lines
    },
  }
}
