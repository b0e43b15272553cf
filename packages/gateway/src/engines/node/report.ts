import { type Clock, type Logger, type Metrics, newRequestId } from '@twinlatch/kit'
import type { ExplanationSink } from '@twinlatch/trust'
import { chainBytes } from '@twinlatch/wire'
import { explainConnection, type RefusedConnection } from './explain.ts'
import { recordBytesMax, renderOnce } from './record-size.ts'
import { type Rendering, RequestRecord } from './request-record.ts'
import { RequestTallies } from './request-tallies.ts'
import { type Ending, type Outcome, parentIdOf, type Transaction } from './transaction.ts'

/** Tells operators what happened: record, metric and log line of every decision. */
export interface Report {
  /** `answered` when the edge has sent a status of its own, under its own request id. */
  refusedConnection(
    refused: Omit<RefusedConnection, 'id' | 'time' | 'status'>,
    answered?: { readonly id: string; readonly status: number },
  ): void
  acceptedConnection(protocol: string): void
  /**
   * Makes the record of a request. Called before the answer goes out, so that whoever holds the
   * request id can ask for it.
   */
  decided(transaction: Transaction, ending: Ending, rendering: Rendering): RequestRecord
  /** Counts and logs a request once its answer is out, or broken off. */
  finished(transaction: Transaction, record: RequestRecord): void
  /** A handshake the client gave up: nothing was refused, so there is no record. */
  abandonedHandshake(detail: string): void
}

/** A report to sink, metrics and log; records are rendered only when somebody reads them. */
export function createReport(deps: {
  readonly sink: ExplanationSink
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}): Report {
  const { sink, metrics, clock, log } = deps
  const tallies = new RequestTallies(metrics)
  // Every field of an access line is named below, none of them holds a secret.
  const accessLog = log.child({}, { redact: [] })
  return {
    refusedConnection(refused, answered) {
      const entry: RefusedConnection = {
        ...refused,
        id: answered?.id ?? newRequestId(),
        status: answered?.status ?? null,
        time: clock.now(),
      }
      const { code } = entry.denial
      const protocol = entry.facts.tls?.protocol ?? ''
      if (!answered) metrics.tlsHandshakes.inc({ result: 'refused', code: code ?? '', protocol })
      log.info(connectionEvent(entry), answered ? 'request malformed' : 'connection refused')
      const render = renderOnce(() => explainConnection(entry))
      sink.record({
        id: entry.id,
        time: entry.time,
        subaccountId: entry.facts.server?.subaccountId ?? null,
        outcome: 'denied',
        render,
      })
      if (chainBytes(entry.facts.tls?.peerCertificates ?? []) > recordBytesMax) render()
    },
    acceptedConnection(protocol) {
      metrics.tlsHandshakes.inc({ result: 'accepted', code: '', protocol })
    },
    abandonedHandshake(detail) {
      metrics.tlsHandshakes.inc({ result: 'abandoned', code: '', protocol: '' })
      log.debug({ event: 'connection.abandoned', detail }, 'handshake given up by the client')
    },
    decided(transaction, ending, rendering) {
      const record = new RequestRecord(transaction, ending, rendering)
      sink.record(record)
      return record
    },
    finished(transaction, record) {
      record.settle()
      tallies.count(transaction, record)
      if (accessLog.isLevelEnabled('info')) {
        accessLog.info(accessLine(transaction, record, clock.now()), 'request')
      }
    },
  }
}

function connectionEvent({ id, status, peer, serverName, facts, denial }: RefusedConnection) {
  return {
    event: status === null ? 'connection.refused' : 'request.malformed',
    requestId: id,
    status,
    peer: `${peer.address}:${peer.port}`,
    serverName,
    code: denial.code,
    stage: denial.stage,
    reason: denial.summary,
    subject: facts.identity?.subject ?? null,
    subaccount: facts.server?.subaccountId ?? null,
  }
}

// One line per request; the path without its query, which may hold a token.
function accessLine(transaction: Transaction, outcome: Outcome, now: Date) {
  const { request, context, server, route, upstream } = transaction
  return {
    event: 'request',
    requestId: transaction.id,
    parentId: parentIdOf(request),
    subaccount: server.subaccountId,
    peer: `${context.peer.address}:${context.peer.port}`,
    method: request.method,
    host: request.authority,
    path: request.target.split('?', 1)[0],
    status: outcome.status,
    durationMs: now.getTime() - transaction.startedAt.getTime(),
    upstreamMs: upstream?.ms ?? null,
    attempts: upstream?.attempts ?? 0,
    route: route?.name ?? null,
    code: outcome.denial?.code ?? null,
    reason: outcome.denial?.summary ?? outcome.brokeOff,
    subject: context.identity?.subject ?? null,
    verified: context.tls.verified,
    resumed: context.tls.resumed,
  }
}
