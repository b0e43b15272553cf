import type { DecisionCode, Stage } from '@twinlatch/trust'
import type { HeaderLines, RequestHead } from '@twinlatch/wire'
import type { CompiledRoute, CompiledServer, CompiledWorkload } from '../../compiled.ts'
import { valuesOf } from '../../header-lines.ts'
import type { ConnectionContext } from './connection.ts'
import type { RunningPort } from './running.ts'

/** What a request is decided from: the same again gives the same decision. */
export interface Asked {
  readonly id: string
  readonly startedAt: Date
  readonly request: RequestHead
  readonly context: ConnectionContext
  readonly port: RunningPort
  readonly server: CompiledServer
  /** Without a mapped listener port: for matching only. */
  readonly authority: string
  /** A whole number below `drawsMax`, which picks a weighted destination. */
  readonly draw: number
}

/** A number of this size is held without a box of its own, by every record. */
export const drawsMax = 2 ** 30

/** One request on its way through the gateway; filled in as it goes. */
export interface Transaction extends Asked {
  route: CompiledRoute | null
  workload: CompiledWorkload | null
  upstream: { readonly status: number; readonly ms: number; readonly attempts: number } | null
}

/** A request at its beginning. */
export function begin(asked: Asked): Transaction {
  const { id, startedAt, request, context, port, server, authority, draw } = asked
  return {
    id,
    startedAt,
    request,
    context,
    port,
    server,
    authority,
    draw,
    route: null,
    workload: null,
    upstream: null,
  }
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
export interface Ending {
  /** `null` when the connection was closed instead. */
  readonly status: number | null
  readonly denial: Denial | null
}

/** An ending that is on record. */
export interface Outcome extends Ending {
  /** What went wrong after the response had begun; noted when it happens. */
  brokeOff: string | null
}

/** Request id the client sent, which joins the records of one chain of calls. */
export function parentIdOf({ headers }: RequestHead): string | null {
  const [id] = valuesOf(headers, 'x-request-id')
  return id !== undefined && id.length <= parentIdLengthMax && /^[\x21-\x7e]+$/.test(id) ? id : null
}

/** Longer ids than this are nobody's UUID; they would only fill the records. */
const parentIdLengthMax = 128
