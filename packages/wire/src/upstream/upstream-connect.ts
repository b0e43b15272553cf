import { connect as connectTcp, isIP, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls'
import type { AbortNotice } from '../abort-notice.ts'
import { asWireError, WireError } from '../errors.ts'
import type { UpstreamTarget, UpstreamTls } from '../upstream.ts'
import { loopbackLookup } from './loopback-lookup.ts'
import { ReadBuffer } from './read-buffer.ts'
import { classifyUpstreamError, placeOf } from './upstream-fault.ts'

/**
 * Our identity and our trust towards an upstream as an OpenSSL context. Key and certificates are
 * given one by one, never as a PKCS#12 file, whose extra certificates would become trust anchors
 * (pki.md section 4.7). No authorities means nobody is trusted, not everybody.
 */
export function createUpstreamContext(tls: UpstreamTls): SecureContext {
  try {
    return createSecureContext({
      ca: [...tls.authoritiesPem],
      minVersion: 'TLSv1.2',
      ...(tls.certificateChainPem === null ? {} : { cert: tls.certificateChainPem }),
      ...(tls.privateKeyPem === null ? {} : { key: tls.privateKeyPem.reveal() }),
    })
  } catch (error) {
    throw asWireError(error, 'wire/unusable-certificate', 'the upstream identity cannot be used')
  }
}

/**
 * Connects to an upstream within `timeoutMs` (name lookup, TCP and TLS together); with TLS the
 * chain and the name were verified when the socket is handed out. Rejects with a `WireError`.
 */
export function connectUpstream(options: {
  target: UpstreamTarget
  context: SecureContext | null
  timeoutMs: number
  /** Memory that all connections read into; see `ReadBuffer`. */
  shared: Buffer
  signal: AbortNotice
}): Promise<{ socket: Socket; input: ReadBuffer }> {
  const { target, signal } = options
  if (signal.aborted) return Promise.reject(aborted())
  return new Promise((resolve, reject) => {
    const input = new ReadBuffer(options.shared)
    const socket = startConnecting(target, options.context, input)
    // Nobody asked yet.
    input.onData = () => socket.destroy()
    const fail = (error: WireError) => {
      cleanUp()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onError = (error: Error) =>
      fail(classifyUpstreamError(error, target, { connected: false }))
    const onClose = () =>
      fail(new WireError('wire/upstream-closed', `${placeOf(target)}: closed during the handshake`))
    const onAbort = () => fail(aborted())
    const onReady = () => {
      cleanUp()
      socket.setNoDelay(true)
      resolve({ socket, input })
    }
    const timer = setTimeout(() => {
      const text = `${placeOf(target)}: no connection within ${options.timeoutMs} ms`
      fail(new WireError('wire/upstream-timeout', text))
    }, options.timeoutMs)
    const cleanUp = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('close', onClose)
    }
    signal.addEventListener('abort', onAbort)
    socket.on('error', onError).on('close', onClose)
    socket.once(target.tls === null ? 'connect' : 'secureConnect', onReady)
  })
}

function startConnecting(
  { host, port, tls }: UpstreamTarget,
  context: SecureContext | null,
  input: ReadBuffer,
): Socket {
  const reading = { onread: input.onread }
  // A URL writes IPv6 addresses in brackets, a socket does not.
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (tls === null) return connectTcp({ host: address, port, lookup: loopbackLookup, ...reading })
  return connectTls({
    host: address,
    port,
    lookup: loopbackLookup,
    // Node takes it here, too; its types do not know.
    ...reading,
    ...(context ? { secureContext: context } : {}),
    // RFC 6066 section 3: no address as SNI; the name check below takes it all the same.
    servername: isIP(tls.serverName) === 0 ? tls.serverName : '',
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(tls.serverName, certificate),
  })
}

function aborted(): WireError {
  return new WireError('wire/aborted', 'the caller gave the request up')
}
