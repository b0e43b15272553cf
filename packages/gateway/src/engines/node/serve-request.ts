import { Readable } from 'node:stream'
import { type Clock, messageOf } from '@twinlatch/kit'
import {
  type Exchange,
  type HeaderLines,
  isNamed,
  type ResponseHead,
  type UpstreamResponse,
} from '@twinlatch/wire'
import type { CompiledRoute, HeaderValues } from '../../compiled.ts'
import type { WorkloadClient } from '../../workloads/workload.ts'
import { errorAnswer } from './answers.ts'
import { type Call, type CallResult, callWorkload } from './call.ts'
import { Deadline } from './deadline.ts'
import { type DecisionSettings, decide, type Forwarding } from './decide.ts'
import type { Report } from './report.ts'
import type { RequestRecord } from './request-record.ts'
import type { Ending, LocalAnswer, Transaction } from './transaction.ts'

/** What serving a request needs. */
export interface ServeOptions extends DecisionSettings {
  readonly workloads: WorkloadClient
  readonly clock: Clock
  readonly serverHeader: string
  readonly report: Pick<Report, 'decided'>
}

/** Decides a request, answers it or lets a workload answer it; resolves with its record. */
export function serveRequest(
  exchange: Exchange<unknown>,
  transaction: Transaction,
  options: ServeOptions,
): Promise<RequestRecord> {
  const serving: Serving = { exchange, transaction, options }
  let decision: LocalAnswer | Forwarding
  try {
    decision = decide(transaction, options)
  } catch (error) {
    return Promise.reject(error)
  }
  return 'kind' in decision ? forward(serving, decision) : answer(serving, decision)
}

interface Serving {
  readonly exchange: Exchange<unknown>
  readonly transaction: Transaction
  readonly options: ServeOptions
}

// Once for every request, before its answer goes out.
function decided({ transaction, options }: Serving, ending: Ending): RequestRecord {
  return options.report.decided(transaction, ending, options)
}

async function answer(serving: Serving, local: LocalAnswer): Promise<RequestRecord> {
  const { exchange } = serving
  const { status, denial } = local
  const record = decided(serving, { status, denial })
  const headers = [...local.headers]
  addOwnHeaders(headers, serving)
  // The rest of a body nobody reads would be taken for the next request (gateway.md section 15).
  const close = exchange.body instanceof Readable && !exchange.body.readableEnded
  try {
    await exchange.respond({ status, headers, close }, local.body)
  } catch (error) {
    record.brokeOff = messageOf(error)
  }
  return record
}

async function forward(serving: Serving, forwarding: Forwarding): Promise<RequestRecord> {
  const { exchange, options } = serving
  const startedMs = performance.now()
  const { timeoutMs } = forwarding
  const deadline = timeoutMs === null ? null : new Deadline(timeoutMs, exchange.signal)
  const call = callOf(serving, forwarding, deadline)
  try {
    const result = await callWorkload(options.workloads, call)
    return await relay(serving, call, result, performance.now() - startedMs)
  } finally {
    deadline?.clear()
  }
}

function callOf({ exchange }: Serving, forwarding: Forwarding, deadline: Deadline | null): Call {
  const { request, body, signal } = exchange
  return { forwarding, method: request.method, body, clientGone: signal, deadline }
}

function relay(
  serving: Serving,
  { forwarding, deadline }: Call,
  result: CallResult,
  ms: number,
): Promise<RequestRecord> {
  const { exchange, transaction } = serving
  if (result.kind === 'gone') {
    const record = decided(serving, { status: null, denial: null })
    record.brokeOff = 'the client went away'
    return Promise.resolve(record)
  }
  if (result.kind === 'failed') {
    const { status, body, denial } = result
    return answer(serving, errorAnswer(transaction.request, status, body, denial))
  }
  const { response, attempts } = result
  transaction.upstream = { status: response.status, ms: Math.round(ms), attempts }
  deadline?.onPassed(() => giveUp(response.body, new Error('the timeout of the route')))
  const record = decided(serving, { status: response.status, denial: null })
  return sendRelayed(serving, forwarding, response).then(
    () => record,
    (error: unknown) => {
      record.brokeOff = messageOf(error)
      giveUp(response.body)
      // Half a response must not look like a whole one: the connection goes with it.
      exchange.abort()
      return record
    },
  )
}

function sendRelayed(
  serving: Serving,
  forwarding: Forwarding,
  response: UpstreamResponse,
): Promise<void> {
  try {
    return serving.exchange.respond(relayedHead(serving, forwarding, response), response.body)
  } catch (error) {
    return Promise.reject(error)
  }
}

function relayedHead(
  serving: Serving,
  { route, values }: Forwarding,
  { status, headers }: UpstreamResponse,
): ResponseHead {
  const lines = relayedHeaders(headers, route, values)
  addOwnHeaders(lines, serving)
  lines.push(['x-envoy-upstream-service-time', `${serving.transaction.upstream?.ms ?? 0}`])
  return { status, headers: lines }
}

type Line = HeaderLines[number]

/** What a workload answered, without what it says in our name, after the operations of the route. */
function relayedHeaders(headers: HeaderLines, route: CompiledRoute, values: HeaderValues): Line[] {
  const passed: Line[] = []
  for (const line of headers) {
    if (!isOurs(line[0])) passed.push(line)
  }
  const operated = route.applyResponseHeaders(passed, values)
  return operated === passed ? passed : operated.filter(([name]) => !isNamed(name, 'server'))
}

// Gateway.md section 9.1; all of them begin with `s` or `x`.
function isOurs(name: string): boolean {
  const first = name.charCodeAt(0) | 0x20
  if (first === 0x73) return isNamed(name, 'server')
  return (
    first === 0x78 &&
    (isNamed(name, 'x-request-id') ||
      isNamed(name, 'x-forwarded-client-cert') ||
      name.toLowerCase().startsWith('x-envoy-'))
  )
}

function addOwnHeaders(lines: Line[], { transaction, options }: Serving): void {
  lines.push(['server', options.serverHeader], ['x-request-id', transaction.id])
}

function giveUp(body: UpstreamResponse['body'], why?: Error): void {
  if (body instanceof Readable) body.destroy(why)
}
