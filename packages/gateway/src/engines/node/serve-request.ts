import { type Clock, messageOf } from '@twinlatch/kit'
import type { Exchange, HeaderLines, UpstreamResponse } from '@twinlatch/wire'
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

/**
 * Decides a request, answers it or lets a workload answer it, and says how that ended. `onDecided`
 * is called once, before the answer goes out.
 */
export async function serveRequest(
  exchange: Exchange<unknown>,
  transaction: Transaction,
  options: ServeOptions,
  onDecided: (outcome: Outcome) => void,
): Promise<Outcome> {
  const serving: Serving = { exchange, transaction, options, onDecided }
  const decision = decide(transaction, options)
  return 'kind' in decision ? await forward(serving, decision) : await answer(serving, decision)
}

interface Serving {
  readonly exchange: Exchange<unknown>
  readonly transaction: Transaction
  readonly options: ServeOptions
  onDecided(outcome: Outcome): void
}

async function answer(serving: Serving, local: LocalAnswer): Promise<Outcome> {
  const { exchange, transaction, options } = serving
  const outcome: Outcome = { status: local.status, denial: local.denial, brokeOff: null }
  serving.onDecided(outcome)
  const head = {
    status: local.status,
    headers: [...local.headers, ...ownHeaders(transaction, options)],
    // The rest of a body nobody reads would be taken for the next request (gateway.md section 15).
    close: exchange.body !== null && !exchange.body.readableEnded,
  }
  try {
    await exchange.respond(head, local.body)
  } catch (error) {
    outcome.brokeOff = messageOf(error)
  }
  return outcome
}

async function forward(serving: Serving, forwarding: Forwarding): Promise<Outcome> {
  const { transaction } = serving
  const startedMs = performance.now()
  const deadline = startDeadline(forwarding.timeoutMs)
  try {
    const result = await call(serving, forwarding, deadline.signal)
    if (result.kind === 'gone') return abandoned(serving)
    if (result.kind === 'failed') {
      const { status, body, denial } = result
      return await answer(serving, errorAnswer(transaction.request, status, body, denial))
    }
    const ms = Math.round(performance.now() - startedMs)
    transaction.upstream = { status: result.response.status, ms, attempts: result.attempts }
    deadline.onEnd(() => result.response.body.destroy(new Error('the timeout of the route')))
    return await relay(serving, forwarding, result.response)
  } finally {
    deadline.clear()
  }
}

function call(
  { exchange, options }: Serving,
  forwarding: Forwarding,
  deadline: AbortSignal | null,
): Promise<CallResult> {
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
  serving: Serving,
  forwarding: Forwarding,
  response: UpstreamResponse,
): Promise<Outcome> {
  const { exchange, transaction, options } = serving
  const outcome: Outcome = { status: response.status, denial: null, brokeOff: null }
  serving.onDecided(outcome)
  const passed = response.headers.filter(([name]) => !isOurs(name.toLowerCase()))
  const operated = forwarding.route.applyResponseHeaders(passed, forwarding.values)
  const headers: HeaderLines = [
    ...(operated === passed ? passed : operated.filter(([name]) => !isServer(name))),
    ...ownHeaders(transaction, options),
    ['x-envoy-upstream-service-time', `${transaction.upstream?.ms ?? 0}`],
  ]
  try {
    await exchange.respond({ status: response.status, headers }, response.body)
  } catch (error) {
    outcome.brokeOff = messageOf(error)
    response.body.destroy()
    // Half a response must not look like a whole one: the connection goes with it.
    exchange.abort()
  }
  return outcome
}

function isServer(name: string): boolean {
  return name.length === 6 && name.toLowerCase() === 'server'
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

function abandoned(serving: Serving): Outcome {
  const outcome: Outcome = { status: null, denial: null, brokeOff: 'the client went away' }
  serving.onDecided(outcome)
  return outcome
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
