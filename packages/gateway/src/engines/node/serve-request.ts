import type { Clock } from '@twinlatch/kit'
import { messageOf } from '@twinlatch/kit'
import type { HeaderLines, UpstreamResponse } from '@twinlatch/wire'
import type { WorkloadClient } from '../../workloads/workload.ts'
import { errorAnswer } from './answers.ts'
import { type CallResult, callWorkload } from './call.ts'
import { type DecisionSettings, decide, type Forwarding } from './decide.ts'
import type { LocalAnswer, Outcome, Transaction } from './transaction.ts'

/** What serving a request needs. */
export interface ServeOptions extends DecisionSettings {
  readonly workloads: WorkloadClient
  readonly clock: Clock
  readonly serverHeader: string
}

/** Decides a request, answers it or lets a workload answer it, and says how that ended. */
export async function serveRequest(
  transaction: Transaction,
  options: ServeOptions,
): Promise<Outcome> {
  const decision = decide(transaction, options)
  return 'kind' in decision
    ? await forward(transaction, decision, options)
    : await answer(transaction, decision, options)
}

async function answer(
  transaction: Transaction,
  local: LocalAnswer,
  options: ServeOptions,
): Promise<Outcome> {
  const { exchange } = transaction
  const head = {
    status: local.status,
    headers: [...local.headers, ...ownHeaders(transaction, options)],
    // The rest of a body nobody reads would be taken for the next request (gateway.md section 15).
    close: exchange.body !== null && !exchange.body.readableEnded,
  }
  await exchange.respond(head, local.body)
  return { status: local.status, denial: local.denial, brokeOff: null }
}

async function forward(
  transaction: Transaction,
  forwarding: Forwarding,
  options: ServeOptions,
): Promise<Outcome> {
  const startedMs = performance.now()
  const deadline = startDeadline(forwarding.timeoutMs)
  try {
    const result = await call(transaction, forwarding, options, deadline.signal)
    if (result.kind === 'gone') return abandoned('the client went away')
    if (result.kind === 'failed') {
      const { request } = transaction.exchange
      return await answer(
        transaction,
        errorAnswer(request, result.status, result.body, result.denial),
        options,
      )
    }
    const ms = Math.round(performance.now() - startedMs)
    transaction.upstream = { status: result.response.status, ms, attempts: result.attempts }
    deadline.onEnd(() => result.response.body.destroy(new Error('the timeout of the route')))
    return await relay(transaction, forwarding, result.response, options)
  } finally {
    deadline.clear()
  }
}

function call(
  transaction: Transaction,
  forwarding: Forwarding,
  options: ServeOptions,
  deadline: AbortSignal | null,
): Promise<CallResult> {
  const { exchange } = transaction
  const { timeoutMs } = forwarding
  const announced: HeaderLines =
    timeoutMs === null ? [] : [['x-envoy-expected-rq-timeout-ms', `${timeoutMs}`]]
  return callWorkload(options.workloads, {
    workload: forwarding.destination.workload,
    request: {
      method: exchange.request.method,
      path: forwarding.path,
      headers: [['host', forwarding.authority], ...forwarding.headers, ...announced],
      body: exchange.body,
    },
    retries: forwarding.retries,
    clientGone: exchange.signal,
    deadline,
  })
}

async function relay(
  transaction: Transaction,
  forwarding: Forwarding,
  response: UpstreamResponse,
  options: ServeOptions,
): Promise<Outcome> {
  const { exchange } = transaction
  const passed = response.headers.filter(([name]) => !isOurs(name.toLowerCase()))
  const headers: HeaderLines = [
    ...forwarding.route
      .applyResponseHeaders(passed, forwarding.values)
      .filter(([name]) => name.toLowerCase() !== 'server'),
    ...ownHeaders(transaction, options),
    ['x-envoy-upstream-service-time', `${transaction.upstream?.ms ?? 0}`],
  ]
  try {
    await exchange.respond({ status: response.status, headers }, response.body)
    return { status: response.status, denial: null, brokeOff: null }
  } catch (error) {
    response.body.destroy()
    // Half a response must not look like a whole one: the connection goes with it.
    exchange.abort()
    return { status: response.status, denial: null, brokeOff: messageOf(error) }
  }
}

// What a workload says in our name is not believed (gateway.md section 9.1).
function isOurs(name: string): boolean {
  return (
    name === 'server' ||
    name === 'x-request-id' ||
    name === 'x-forwarded-client-cert' ||
    name.startsWith('x-envoy-')
  )
}

function ownHeaders(transaction: Transaction, { serverHeader }: ServeOptions): HeaderLines {
  return [
    ['server', serverHeader],
    ['x-request-id', transaction.id],
  ]
}

function abandoned(why: string): Outcome {
  return { status: null, denial: null, brokeOff: why }
}

interface Deadline {
  readonly signal: AbortSignal | null
  onEnd(action: () => void): void
  clear(): void
}

// The timeout of a route covers the whole exchange, the body of the response too.
function startDeadline(timeoutMs: number | null): Deadline {
  if (timeoutMs === null) return { signal: null, onEnd: () => {}, clear: () => {} }
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  return {
    signal: controller.signal,
    onEnd: (action) => controller.signal.addEventListener('abort', action, { once: true }),
    clear: () => clearTimeout(timer),
  }
}
