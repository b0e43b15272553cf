import type { DecisionCode, Stage } from '@twinlatch/trust'
import type { HeaderLines, RequestHead } from '@twinlatch/wire'
import type { CompiledRoute, CompiledServer, CompiledWorkload } from '../../compiled.ts'
import type { ConnectionContext } from './connection.ts'
import type { RunningPort } from './running.ts'

/**
 * One request on its way through the gateway; filled in as it goes, read by the record. It holds
 * neither the exchange nor what was worked out from the head: tens of thousands of records are kept,
 * hardly any is read, and whoever reads one decides again (`views` of `explain.ts`).
 */
export interface Transaction {
  readonly id: string
  /** Request id the client sent, which joins the records of one chain of calls. */
  readonly parentId: string | null
  readonly startedAt: Date
  readonly request: RequestHead
  readonly context: ConnectionContext
  readonly port: RunningPort
  readonly server: CompiledServer
  /** Without a mapped listener port: for matching only. */
  readonly authority: string
  /** In [0, 1): picks a weighted destination, and the same one when the request is explained. */
  readonly draw: number
  route: CompiledRoute | null
  workload: CompiledWorkload | null
  upstream: { readonly status: number; readonly ms: number; readonly attempts: number } | null
}

/** Why a request was not served; without a code for what no code exists (malformed input). */
export interface Denial {
  readonly code: DecisionCode | null
  readonly stage: Stage
  readonly summary: string
}

/** An answer of the gateway itself. */
export interface LocalAnswer {
  readonly status: number
  readonly body: string
  readonly headers: HeaderLines
  /** `null` for a redirect or a direct response, which are answers as configured. */
  readonly denial: Denial | null
}

/** How a request ended. */
export interface Outcome {
  /** `null` when the connection was closed instead. */
  readonly status: number | null
  readonly denial: Denial | null
  /** What went wrong after the response had begun; noted when it happens. */
  brokeOff: string | null
}
