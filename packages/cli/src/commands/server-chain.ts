import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { encodePem } from '@twinlatch/pki'
import { loopbackLookup } from '@twinlatch/wire'
import { CliError, exitCodes } from '../cli-error.ts'

/** A server that does not finish its handshake by then is reported as unreachable. */
const handshakeTimeoutMs = 10_000
/** As many as a chain may sensibly have; the walk also ends where a certificate issues itself. */
const chainMax = 10

/**
 * The certificates that a TLS server presents, as PEM, leaf first. Nothing is trusted and nothing is
 * sent: the connection is only looked at, so its verification is off on purpose.
 */
export function fetchServerChain(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      servername: url.hostname,
      rejectUnauthorized: false,
      lookup: loopbackLookup,
      timeout: handshakeTimeoutMs,
    })
    socket.once('secureConnect', () => {
      resolve(pemOf(socket))
      socket.destroy()
    })
    socket.once('timeout', () => socket.destroy(new Error('no handshake within 10 s')))
    socket.once('error', (error) =>
      reject(
        new CliError(`${url.origin} cannot be inspected.`, {
          exitCode: exitCodes.unreachable,
          why: reasonOf(error),
          cause: error,
        }),
      ),
    )
  })
}

/** With two addresses tried Node's error holds one of each and has no message of its own. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message
  return error.errors
    .map((each) => (each instanceof Error ? each.message : String(each)))
    .join('\n')
}

function pemOf(socket: TLSSocket): string {
  const chain: string[] = []
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.raw && chain.length < chainMax) {
    chain.push(encodePem('CERTIFICATE', certificate.raw))
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return chain.join('')
}
