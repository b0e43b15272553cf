import { isCodedError, messageOf } from '@twinlatch/kit'
import type { DecisionCode } from '@twinlatch/trust'
import type { AbortNotice, HeaderLines, UpstreamRequest, UpstreamResponse } from '@twinlatch/wire'
import { pause } from '../../pause.ts'
import { type WorkloadClient, wasRead } from '../../workloads/workload.ts'
import type { Deadline } from './deadline.ts'
import type { Forwarding } from './decide.ts'
import type { Denial } from './transaction.ts'

/** What a call of a workload came to. */
export type CallResult =
  | { readonly kind: 'response'; readonly response: UpstreamResponse; readonly attempts: number }
  | {
      readonly kind: 'failed'
      readonly status: number
      readonly body: string
      readonly denial: Denial
    }
  /** The client went away, so nobody waits for an answer. */
  | { readonly kind: 'gone' }

/** A call with its limits. */
export interface Call {
  readonly forwarding: Forwarding
  readonly method: string
  readonly body: UpstreamRequest['body']
  readonly clientGone: AbortNotice
  /** The end of the route's timeout, retries included, or that the client is gone. */
  readonly deadline: Deadline | null
}

/** Base of the jittered wait between attempts (gateway.md section 6.2, `backoff`). */
const retryBaseMs = 25

/** Calls a workload, again on connect failures; never rejects for what the workload does. */
export function callWorkload(client: WorkloadClient, call: Call): Promise<CallResult> {
  const { target } = call.forwarding.destination.workload
  return target.kind === 'none' ? Promise.resolve(noEndpoint(target)) : attempt(client, call, 1)
}

// One attempt is nearly always enough, and the state of an `async` loop would be made for each call.
function attempt(client: WorkloadClient, call: Call, count: number): Promise<CallResult> {
  const { forwarding, method, body } = call
  const { path, destination } = forwarding
  const headers = headersOf(forwarding, count)
  const signal = signalOf(call)
  return client.request(destination.workload.target, { method, path, headers, body, signal }).then(
    (response) => ({ kind: 'response', response, attempts: count }),
    (error: unknown) => attemptFailed(client, call, count, error),
  )
}

async function attemptFailed(
  client: WorkloadClient,
  call: Call,
  count: number,
  error: unknown,
): Promise<CallResult> {
  const { forwarding, body, clientGone, deadline } = call
  if (clientGone.aborted) return { kind: 'gone' }
  if (deadline?.passed) return timedOut()
  if (count > forwarding.retries || !mayRepeat(error, body)) return failureOf(error, count > 1)
  // The next attempt sees by itself that nobody waits any more.
  await pause(retryBaseMs * 2 ** (count - 1) * Math.random(), signalOf(call))
  return attempt(client, call, count + 1)
}

function signalOf({ deadline, clientGone }: Call): AbortNotice {
  return deadline?.notice ?? clientGone
}

function headersOf({ authority, headers, timeoutMs }: Forwarding, attempt: number): HeaderLines {
  const host = ['host', authority] as const
  const count = attempt === 1 ? firstAttempt : (['x-envoy-attempt-count', `${attempt}`] as const)
  return timeoutMs === null
    ? [host, ...headers, count]
    : [host, ...headers, ['x-envoy-expected-rq-timeout-ms', `${timeoutMs}`], count]
}

const firstAttempt = ['x-envoy-attempt-count', '1'] as const

function mayRepeat(error: unknown, body: Call['body']): boolean {
  const connectFailed = isCodedError(error) && error.code === 'wire/upstream-refused'
  return connectFailed && !wasRead(body)
}

/** Answer and code of an upstream error; everything else is a bug and passes through. */
function failureOf(error: unknown, retried: boolean): CallResult {
  if (!isCodedError(error)) throw error
  const known = failures.get(error.code)
  if (!known) throw error
  const prefix = retried ? 'retried and the latest ' : ''
  return {
    kind: 'failed',
    status: known.status,
    body: `upstream connect error or disconnect/reset before headers. ${prefix}reset reason: ${known.reason}`,
    denial: { code: known.code, stage: 'upstream', summary: `The workload: ${messageOf(error)}` },
  }
}

interface Failure {
  readonly status: number
  readonly reason: string
  readonly code: DecisionCode
}

const connectFailure = { status: 503, reason: 'remote connection failure' }

/** gateway.md section 15. */
const failures = new Map<string, Failure>([
  ['wire/upstream-refused', { ...connectFailure, code: 'UPS_REFUSED' }],
  ['gateway/upstream-address', { ...connectFailure, code: 'UPS_REFUSED' }],
  ['wire/upstream-overloaded', { status: 503, reason: 'overflow', code: 'UPS_REFUSED' }],
  ['wire/upstream-timeout', { status: 503, reason: 'connection timeout', code: 'UPS_TIMEOUT' }],
  ['wire/upstream-reset', { status: 503, reason: 'connection termination', code: 'UPS_RESET' }],
  ['wire/upstream-closed', { status: 503, reason: 'connection termination', code: 'UPS_RESET' }],
  ['wire/upstream-protocol', { status: 502, reason: 'protocol error', code: 'UPS_RESET' }],
  ['wire/upstream-tls-untrusted', { ...connectFailure, code: 'UPS_TLS_UNTRUSTED' }],
  ['wire/upstream-tls-failed', { ...connectFailure, code: 'UPS_REFUSED' }],
  ['wire/upstream-tls-name', { ...connectFailure, code: 'UPS_TLS_NAME' }],
  [
    'wire/upstream-wanted-client-certificate',
    { ...connectFailure, code: 'UPS_WANTED_CLIENT_CERT' },
  ],
])

function noEndpoint(target: { readonly known: boolean; readonly reason: string }): CallResult {
  return {
    kind: 'failed',
    status: 503,
    body: target.known ? 'no healthy upstream' : '',
    denial: { code: 'UPS_REFUSED', stage: 'upstream', summary: target.reason },
  }
}

function timedOut(): CallResult {
  return {
    kind: 'failed',
    status: 504,
    body: 'upstream request timeout',
    denial: {
      code: 'UPS_TIMEOUT',
      stage: 'upstream',
      summary: 'The workload did not answer within the timeout of the route.',
    },
  }
}
