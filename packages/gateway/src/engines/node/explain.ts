import {
  type ExplainedConnection,
  type ExplainedPolicy,
  type ExplainedStep,
  type Explanation,
  explainCertificate,
  hintsFor,
  type PeerIdentity,
  type Stage,
} from '@twinlatch/trust'
import type { TcpPeer, TlsFacts } from '@twinlatch/wire'
import { clip } from '../../clip.ts'
import type { SeenViews } from './decide.ts'
import { type ConnectionFacts, connectionSteps, factsOf, gatewayName } from './steps.ts'
import { type Denial, type Outcome, parentIdOf, type Transaction } from './transaction.ts'

/** A connection that was refused before HTTP, or whose request could not be read as HTTP. */
export interface RefusedConnection {
  readonly id: string
  readonly time: Date
  readonly peer: TcpPeer
  readonly serverName: string | null
  readonly facts: ConnectionFacts
  readonly denial: Denial
  /** Status that was answered; `null` when the connection was closed. */
  readonly status: number | null
}

/** The record of a refused connection (console-and-cli.md section 3). */
export function explainConnection(refused: RefusedConnection): Explanation {
  const { facts, denial } = refused
  return {
    id: refused.id,
    parentId: null,
    time: refused.time.toISOString(),
    subaccount: facts.server?.subaccountId ?? null,
    listener: 'gateway',
    outcome: 'denied',
    stage: denial.stage,
    code: denial.code,
    status: refused.status,
    summary: denial.summary,
    connection: connectionPart(refused.peer, refused.serverName, facts.tls),
    certificate: certificatePart(facts.identity, facts.tls),
    request: null,
    steps: connectionSteps(facts, denial),
    policies: [],
    hints: denial.code ? hintsFor({ code: denial.code, policies: [] }) : [],
  }
}

/** A record is read by a person; the target itself may have 60 KiB. */
const pathCharactersMax = 2_048

/** A request that was decided again, and how it ended the first time. */
interface ExplainedCase {
  readonly transaction: Transaction
  readonly seen: SeenViews
  readonly outcome: Outcome
  readonly now: Date
}

/** The record of a request, allowed or refused. Traces the policies again: not for hot paths. */
export function explainRequest({ transaction, seen, outcome, now }: ExplainedCase): Explanation {
  const { context, request, server } = transaction
  const { denial } = outcome
  const policies = tracePolicies(transaction, seen)
  const facts = factsOf(context, server, now)
  const question = request.target.indexOf('?')
  return {
    id: transaction.id,
    parentId: parentIdOf(request),
    time: transaction.startedAt.toISOString(),
    subaccount: server.subaccountId,
    listener: 'gateway',
    outcome: denial ? 'denied' : 'allowed',
    stage: denial?.stage ?? 'response',
    code: denial?.code ?? null,
    status: outcome.status,
    summary: denial?.summary ?? allowedSummary(transaction, outcome),
    connection: connectionPart(context.peer, context.tls.serverName, context.tls),
    certificate: certificatePart(context.identity, context.tls),
    request: {
      method: request.method,
      host: request.authority,
      path: clip(
        question < 0 ? request.target : request.target.slice(0, question),
        pathCharactersMax,
      ),
      route: transaction.route?.name ?? null,
    },
    steps: [
      ...connectionSteps(facts, connectionDenial(denial)),
      ...requestSteps(transaction, outcome, policies),
    ],
    policies,
    hints: denial?.code ? hintsFor({ code: denial.code, policies }) : [],
  }
}

const requestStages: ReadonlySet<Stage> = new Set([
  'sni',
  'route',
  'policy',
  'upstream',
  'response',
])

// A Host of another server fails at `sni` although the connection's own SNI was good.
function connectionDenial(denial: Denial | null): Denial | null {
  return denial && !requestStages.has(denial.stage) ? denial : null
}

function tracePolicies(
  { server, workload }: Transaction,
  { gateway, workload: inner }: SeenViews,
): ExplainedPolicy[] {
  return [
    ...(gateway ? server.gatewayPolicies.trace(gateway) : []),
    ...(inner && workload ? workload.policies.trace(inner) : []),
  ]
}

function requestSteps(
  transaction: Transaction,
  { denial, brokeOff }: Outcome,
  policies: readonly ExplainedPolicy[],
): ExplainedStep[] {
  const { route, workload, upstream } = transaction
  const steps: ExplainedStep[] = []
  if (denial && !requestStages.has(denial.stage)) return steps
  if (route) steps.push({ stage: 'route', result: 'pass', detail: route.name })
  if (denial?.stage === 'policy') return [...steps, policyStep(policies, 'fail', denial)]
  if (policies.length > 0) steps.push(policyStep(policies, 'pass', null))
  if (denial) return [...steps, { stage: denial.stage, result: 'fail', detail: denial.summary }]
  if (workload && upstream) {
    const attempts = upstream.attempts > 1 ? `, attempt ${upstream.attempts}` : ''
    const detail = `${workload.namespace}/${workload.service} answered ${upstream.status} in ${upstream.ms} ms${attempts}`
    steps.push({ stage: 'upstream', result: 'pass', detail })
  }
  if (brokeOff) steps.push({ stage: 'response', result: 'fail', detail: `broke off: ${brokeOff}` })
  return steps
}

function policyStep(
  policies: readonly ExplainedPolicy[],
  result: 'pass' | 'fail',
  denial: Denial | null,
): ExplainedStep {
  if (denial?.code === 'POL_DENY_MATCHED' || denial?.code === 'POL_ERROR') {
    return { stage: 'policy', result, detail: denial.summary }
  }
  const allow = policies.filter(({ action }) => action === 'ALLOW')
  const matched = allow.filter((policy) => policy.matched).length
  const rules = allow.length === 1 ? 'rule' : 'rules'
  const detail =
    allow.length === 0
      ? 'no DENY policy matched'
      : `${matched} of ${allow.length} ALLOW ${rules} matched`
  return { stage: 'policy', result, detail }
}

function allowedSummary(transaction: Transaction, { status, brokeOff }: Outcome): string {
  const where = transaction.workload
    ? `${transaction.workload.namespace}/${transaction.workload.service}`
    : `gateway ${gatewayName(transaction.server)}`
  if (brokeOff) return `Allowed, and the exchange with ${where} broke off: ${brokeOff}.`
  return `Allowed; ${where} answered ${status ?? 'nothing'}.`
}

function connectionPart(
  peer: TcpPeer,
  serverName: string | null,
  tls: TlsFacts | null,
): ExplainedConnection {
  const address = peer.address.includes(':') ? `[${peer.address}]` : peer.address
  return {
    peer: `${address}:${peer.port}`,
    sni: serverName,
    alpn: tls?.alpn ?? null,
    protocol: tls?.protocol ?? null,
    cipher: tls?.cipher ?? null,
    resumed: tls?.resumed ?? false,
  }
}

function certificatePart(identity: PeerIdentity | null, tls: TlsFacts | null) {
  return identity && tls ? explainCertificate(identity, tls.verified, tls.verifyError) : null
}
