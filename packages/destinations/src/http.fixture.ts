import {
  type Clock,
  createLogger,
  createMetrics,
  devSubaccountId,
  type Metrics,
  parseSubaccountId,
  type SubaccountId,
} from '@twinlatch/kit'
import type { AuditSink, Store } from '@twinlatch/store'
import type { Caller } from '@twinlatch/trust'
import type { Hono } from 'hono'
import { createDestinationsApp } from './http.ts'
import { openDestinationService } from './service.ts'

const acmeId = parseSubaccountId('11111111-2222-3333-4444-555555555555') as SubaccountId

/** Everybody who calls in the tests: two instances of one tenant, another tenant, an administrator. */
export const callers = {
  app: caller('sb-app', devSubaccountId, '99999999-0000-4000-8000-000000000001'),
  sibling: caller('sb-sibling', devSubaccountId, '99999999-0000-4000-8000-000000000002'),
  acme: caller('sb-acme', acmeId, '99999999-0000-4000-8000-000000000003'),
  admin: { ...caller('admin', devSubaccountId, null), kind: 'admin' },
} as const satisfies Record<string, Caller>

/** Name of a caller; `nobody` sends no token. */
export type Who = keyof typeof callers | 'nobody'

/** The Destination service behind its HTTP door, with a stub in place of the token service. */
export interface DestinationStack {
  readonly app: Hono
  readonly metrics: Metrics
  logged(): string
  /** A call below `/destination-configuration`; an object as `body` is sent as JSON. */
  call(
    who: Who,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>
  /** A call whose status must be a success. */
  ok(who: Who, method: string, path: string, body?: unknown): Promise<Response>
}

/** Opens the service on a store that has its schema. */
export async function openDestinationStack(deps: {
  store: Store
  audit: AuditSink
  clock: Clock
}): Promise<DestinationStack> {
  const lines: string[] = []
  const log = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } })
  const metrics = createMetrics({ version: 'test', revision: 'test' })
  const service = await openDestinationService({ ...deps, log, metrics })
  const app = createDestinationsApp({
    service,
    log,
    authenticate: async (headers) => {
      const who = (headers.get('authorization') ?? '').replace('Bearer ', '')
      return (
        Object.entries(callers).find(([name]) => name === who)?.[1] ?? {
          reason: 'missing',
          description: 'an access token is needed',
        }
      )
    },
  })
  const call: DestinationStack['call'] = async (who, method, path, body, headers = {}) =>
    app.request(`/destination-configuration${path}`, {
      method,
      headers: {
        ...(who === 'nobody' ? {} : { authorization: `Bearer ${who}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return {
    app,
    metrics,
    logged: () => lines.join(''),
    call,
    async ok(who, method, path, body) {
      const response = await call(who, method, path, body)
      if (response.ok) return response
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    },
  }
}

function caller(name: string, subaccountId: SubaccountId, instanceId: string | null): Caller {
  return {
    kind: 'client',
    name,
    subaccountId,
    subaccountName: subaccountId === devSubaccountId ? 'dev' : 'acme',
    instanceId,
  }
}
