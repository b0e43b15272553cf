import type { Certificate } from '@twinlatch/pki'
import {
  judgePeer,
  type PeerFacts,
  type PeerIdentity,
  type Refusal,
  verifyAgain,
} from '@twinlatch/trust'
import type { TcpPeer, TlsFacts } from '@twinlatch/wire'
import type { KnownPeer } from './identities.ts'
import type { RunningGateway, RunningServer } from './running.ts'
import type { TrustDomain } from './trust-domain.ts'

/** What is known of a connection whose peer was let in; computed once (architecture.md, rule 3). */
export interface ConnectionContext {
  readonly port: number
  readonly serverKey: string
  readonly tls: TlsFacts
  readonly peer: TcpPeer
  readonly identity: PeerIdentity | null
  readonly intermediates: readonly Certificate[]
  /** Domain against which the peer was checked last. */
  domain: TrustDomain
  /** Until then only a change of the domain can alter the decision (milliseconds of the epoch). */
  validUntilMs: number
}

/** A connection that asks to be let in. */
interface Arrival {
  readonly port: number
  readonly tls: TlsFacts
  readonly peer: TcpPeer
  readonly known: KnownPeer
  /** The domain in which the handshake was made. */
  readonly domain: TrustDomain
}

/**
 * The context of a connection, or why its peer is refused. A resumed session, and a handshake that
 * a swap overtook, are verified again against the present trust (gateway.md section 4.3).
 */
export function admit(
  arrival: Arrival,
  running: RunningGateway,
  now: Date,
): ConnectionContext | Refusal {
  const { port, tls, peer, known, domain } = arrival
  const server = findServer(running, port, domain.serverKey)
  if (!server?.domain) return withdrawn(server)
  const refusal = judgePeer(peerFacts(server, domain, arrival, now))
  if (refusal) return refusal
  if (known.identity === 'unreadable') throw new TypeError('an unreadable certificate was let in')
  const context: ConnectionContext = {
    port,
    serverKey: domain.serverKey,
    tls,
    peer,
    identity: known.identity,
    intermediates: known.intermediates,
    domain,
    validUntilMs: firstEnd(known, domain, now),
  }
  if (context.identity && !tls.resumed) {
    domain.memory.remember(context.identity.certificate, known.intermediates)
  }
  const mustVerifyAgain = tls.resumed || server.domain !== domain
  return (mustVerifyAgain ? checkAgain(context, server, now) : null) ?? context
}

/**
 * Why an open connection may not make another request, or `null`. Costs two comparisons while
 * nothing has changed.
 */
export function recheck(
  context: ConnectionContext,
  running: RunningGateway,
  now: Date,
): Refusal | null {
  const server = findServer(running, context.port, context.serverKey)
  if (server?.domain === context.domain && now.getTime() <= context.validUntilMs) return null
  return checkAgain(context, server, now)
}

/** The facts of a connection as `trust` judges them. */
function peerFacts(
  { server }: RunningServer,
  domain: TrustDomain,
  peer: { readonly tls: TlsFacts; readonly known: KnownPeer },
  now: Date,
): PeerFacts {
  return {
    identity: peer.known.identity,
    certificateRequired: server.certificateRequired,
    verified: peer.tls.verified,
    verifyError: peer.tls.verifyError,
    intermediates: peer.known.intermediates,
    knownIntermediates: domain.memory.list(),
    anchors: domain.anchors,
    crls: domain.crls,
    verifiedChains: domain.verifiedChains,
    bundleName: domain.bundleName,
    pins: server.pins,
    now,
  }
}

/** A server of the running value by listener port and key. */
export function findServer(
  running: RunningGateway,
  port: number,
  key: string,
): RunningServer | undefined {
  return running.ports.get(port)?.servers.get(key)
}

function checkAgain(
  context: ConnectionContext,
  server: RunningServer | undefined,
  now: Date,
): Refusal | null {
  const domain = server?.domain
  if (!server || !domain) return withdrawn(server)
  const { identity, tls } = context
  const facts = peerFacts(
    server,
    domain,
    { tls, known: { identity, intermediates: context.intermediates } },
    now,
  )
  if (!identity) {
    const refusal = judgePeer(facts)
    if (!refusal) adopt(context, domain, Number.POSITIVE_INFINITY)
    return refusal
  }
  if (!domain.tls.settings.requestClientCertificate) {
    return reconnect('the host asks for no client certificate any more')
  }
  const memory = [...facts.knownIntermediates, ...context.domain.memory.list()]
  const result = verifyAgain({ ...facts, identity, knownIntermediates: memory })
  if (result.refusal) return result.refusal
  adopt(context, domain, result.validUntilMs)
  return null
}

function adopt(context: ConnectionContext, domain: TrustDomain, validUntilMs: number): void {
  context.domain = domain
  context.validUntilMs = validUntilMs
}

function withdrawn(server: RunningServer | undefined): Refusal {
  return server
    ? reconnect(`the host is not ready: ${server.reason ?? 'no TLS material'}`)
    : reconnect('no Gateway answers for the host any more')
}

function reconnect(why: string): Refusal {
  return {
    code: 'ACC_DRAINING',
    summary: `The connection was given up because ${why}.`,
  }
}

// Unrelated certificates and lists count too: they can only make us verify again earlier than needed.
function firstEnd({ identity, intermediates }: KnownPeer, domain: TrustDomain, now: Date): number {
  if (identity === null || identity === 'unreadable') return Number.POSITIVE_INFINITY
  const ends = [
    ...[...intermediates, ...domain.anchors].map(({ notAfter }) => notAfter.getTime()),
    ...domain.crls.map(({ nextUpdate }) => nextUpdate?.getTime() ?? 0),
  ]
  return Math.min(identity.notAfter.getTime(), ...ends.filter((end) => end > now.getTime()))
}
