import { type Clock, messageOf, newRequestId } from '@twinlatch/kit'
import { codeOfHandshakeFault, type Refusal, stageOfCode } from '@twinlatch/trust'
import type {
  ClientHello,
  EdgeFault,
  Exchange,
  HandshakeFault,
  ListenerHandler,
  TcpPeer,
  TlsDomain,
  TlsFacts,
} from '@twinlatch/wire'
import { admit, type ConnectionContext, findServer, recheck } from './connection.ts'
import type { Identities } from './identities.ts'
import type { Report } from './report.ts'
import type { RunningGateway, RunningServer } from './running.ts'
import { type ServeOptions, serveRequest } from './serve-request.ts'
import { type ConnectionFacts, factsOf } from './steps.ts'
import { begin, type Denial, drawsMax, type Ending, type Transaction } from './transaction.ts'
import type { TrustDomain } from './trust-domain.ts'

/** What the decisions of one listener port are made with. */
interface PortOptions {
  /** Key of the port in the compiled value. */
  readonly port: number
  readonly running: () => RunningGateway
  /** The domain behind wire's object, also one that was replaced since. */
  readonly domainOf: (tls: TlsDomain) => TrustDomain | undefined
  readonly identities: Identities
  readonly serve: ServeOptions
  readonly report: Report
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** `host:port` without a mapped listener port (architecture.md, "Ports of manifests"). */
  readonly forMatching: (authority: string) => string
  readonly onAccepted: (serverKey: string) => void
  readonly onClosed: (serverKey: string) => void
  readonly onOpenConnections: (count: number) => void
}

/** The decisions of one listener port; every refusal is recorded here. */
export function createPortHandler(options: PortOptions): ListenerHandler<ConnectionContext> {
  return {
    chooseDomain: (hello, peer) => chooseDomain(options, hello, peer),
    accept: (tls, peer, domain) => accept(options, { tls, peer, domain }),
    onHandshakeFault: (fault, peer, hello, domain) =>
      onHandshakeFault(options, fault, { peer, hello, domain }),
    onEdgeFault: (fault) => onEdgeFault(options, fault),
    handle: (exchange) => handle(options, exchange),
    onOpenConnections: options.onOpenConnections,
    onClose: ({ serverKey }) => options.onClosed(serverKey),
  }
}

function chooseDomain(options: PortOptions, hello: ClientHello, peer: TcpPeer): TlsDomain | null {
  const port = options.running().ports.get(options.port)
  const server = port?.compiled.chooseServer(hello.serverName) ?? null
  const running = server ? port?.servers.get(server.key) : undefined
  if (running?.domain) return running.domain.tls
  const refusal = noDomain(running, hello.serverName)
  options.report.refusedConnection({
    peer,
    serverName: hello.serverName,
    facts: noFacts(options, running ?? null),
    denial: { ...refusal, stage: 'sni' },
  })
  return null
}

// A host that is not ready refuses its handshakes: no trust bundle must never mean no check
// (gateway.md section 2.3).
function noDomain(server: RunningServer | undefined, serverName: string | null): Refusal {
  if (server) {
    const name = serverName ?? 'a client without SNI'
    const reason = server.reason ?? 'no TLS material'
    return { code: 'SNI_UNKNOWN_HOST', summary: `The gateway for ${name} is not ready: ${reason}` }
  }
  return serverName === null
    ? {
        code: 'SNI_MISSING',
        summary: 'The client sent no host name and no gateway answers for all.',
      }
    : { code: 'SNI_UNKNOWN_HOST', summary: `No gateway on this port answers for ${serverName}.` }
}

function accept(
  options: PortOptions,
  arrival: { readonly tls: TlsFacts; readonly peer: TcpPeer; readonly domain: TlsDomain },
): ConnectionContext | null {
  const { tls, peer } = arrival
  const domain = options.domainOf(arrival.domain)
  if (!domain) return null
  const known = options.identities.identify(tls.peerCertificates)
  const running = options.running()
  const now = options.clock.now()
  const result = admit({ port: options.port, tls, peer, known, domain }, running, now)
  if (!('code' in result)) {
    options.onAccepted(result.serverKey)
    options.report.acceptedConnection(tls.protocol)
    return result
  }
  const server = findServer(running, options.port, domain.serverKey)
  options.report.refusedConnection({
    peer,
    serverName: tls.serverName,
    facts: {
      server: server?.server ?? null,
      domain,
      tls,
      identity: known.identity === 'unreadable' ? null : known.identity,
      intermediates: known.intermediates,
      now,
    },
    denial: withStage(result),
  })
  return null
}

function onHandshakeFault(
  options: PortOptions,
  fault: HandshakeFault,
  at: {
    readonly peer: TcpPeer
    readonly hello: ClientHello | null
    readonly domain: TlsDomain | null
  },
): void {
  if (fault.kind === 'closed-by-peer') {
    options.report.abandonedHandshake(fault.detail)
    return
  }
  const domain = at.domain ? options.domainOf(at.domain) : undefined
  const server = domain && findServer(options.running(), options.port, domain.serverKey)
  const code = codeOfHandshakeFault(fault.kind)
  options.report.refusedConnection({
    peer: at.peer,
    serverName: at.hello?.serverName ?? null,
    facts: noFacts(options, server ?? null),
    denial: {
      code,
      stage: code ? stageOfCode[code] : 'handshake',
      summary: `${faultText.get(fault.kind) ?? 'The handshake failed'}: ${fault.detail}`,
    },
  })
}

const faultText = new Map<string, string>([
  ['not-tls', 'The client does not speak TLS on this TLS port'],
  ['hello-too-large', 'The ClientHello is larger than any client needs'],
  ['hello-malformed', 'The ClientHello cannot be read'],
  ['timeout', 'The client was too slow'],
  ['protocol-version', 'Client and host have no TLS version in common'],
  ['no-shared-cipher', 'Client and host have no cipher in common'],
  ['bad-signature', 'A signature in the handshake is wrong'],
  ['limit', 'A limit was reached'],
])

// The edge has answered already; the request never became an exchange, so there are no views.
function onEdgeFault(options: PortOptions, fault: EdgeFault<ConnectionContext>): void {
  const { context, peer, tls } = fault.connection
  const server = findServer(options.running(), context.port, context.serverKey)
  options.report.refusedConnection(
    {
      peer,
      serverName: tls.serverName,
      facts: factsOf(context, server?.server ?? null, options.clock.now()),
      denial: { code: null, stage: 'route', summary: `The request is malformed: ${fault.detail}` },
    },
    { id: fault.requestId, status: fault.status },
  )
}

function handle(options: PortOptions, exchange: Exchange<ConnectionContext>): Promise<void> {
  const { context } = exchange.connection
  const running = options.running()
  const port = running.ports.get(context.port)
  const server = port?.servers.get(context.serverKey)
  const now = options.clock.now()
  const refusal = recheck(context, running, now)
  if (refusal || !port || !server) {
    options.report.refusedConnection({
      peer: context.peer,
      serverName: context.tls.serverName,
      facts: factsOf(context, server?.server ?? null, options.clock.now()),
      denial: withStage(refusal ?? noDomain(server, context.tls.serverName)),
    })
    exchange.abort()
    return Promise.resolve()
  }
  const transaction = begin({
    id: newRequestId(),
    startedAt: now,
    request: exchange.request,
    context,
    port,
    server: server.server,
    authority: options.forMatching(exchange.request.authority),
    draw: Math.floor(options.random() * drawsMax),
  })
  return serveAndReport(options, transaction, exchange)
}

function serveAndReport(
  { serve, report }: PortOptions,
  transaction: Transaction,
  exchange: Exchange<ConnectionContext>,
): Promise<void> {
  return serveRequest(exchange, transaction, serve).then(
    (record) => report.finished(transaction, record),
    (error: unknown) => {
      // A bug of ours: the edge answers 500 without detail, and the operator finds it on record.
      const ending = brokenEnding(messageOf(error))
      report.finished(transaction, report.decided(transaction, ending, serve))
      throw error
    },
  )
}

function brokenEnding(message: string): Ending {
  const summary = `The gateway itself failed: ${message}`
  return { status: 500, denial: { code: null, stage: 'response', summary } }
}

function withStage(refusal: Refusal): Denial {
  return { ...refusal, stage: stageOfCode[refusal.code] }
}

function noFacts(options: PortOptions, server: RunningServer | null): ConnectionFacts {
  return {
    server: server?.server ?? null,
    domain: null,
    tls: null,
    identity: null,
    intermediates: [],
    now: options.clock.now(),
  }
}
