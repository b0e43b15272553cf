import { z } from 'zod'
import type { Connection } from './http.ts'

const certificate = z.looseObject({
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  sha256: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  eku: z.array(z.string()).nullable(),
  chain: z.array(z.string()),
  verified: z.boolean(),
  verifyError: z.string().nullable(),
})

const explanation = z.looseObject({
  id: z.string(),
  parentId: z.string().nullable(),
  time: z.string(),
  subaccount: z.string().nullable(),
  listener: z.string(),
  outcome: z.enum(['allowed', 'denied']),
  stage: z.string(),
  code: z.string().nullable(),
  status: z.number().nullable(),
  summary: z.string(),
  connection: z.looseObject({
    peer: z.string(),
    sni: z.string().nullable(),
    alpn: z.string().nullable(),
    protocol: z.string().nullable(),
    cipher: z.string().nullable(),
    resumed: z.boolean(),
  }),
  certificate: certificate.nullable(),
  request: z
    .looseObject({
      method: z.string(),
      host: z.string(),
      path: z.string(),
      route: z.string().nullable(),
    })
    .nullable(),
  steps: z.array(
    z.looseObject({
      stage: z.string(),
      result: z.enum(['pass', 'fail', 'skip']),
      detail: z.string(),
    }),
  ),
  policies: z.array(z.looseObject({ name: z.string(), matched: z.boolean() })),
  hints: z.array(z.looseObject({ text: z.string(), command: z.string().nullable() })),
})

const record = z.looseObject({ record: explanation, related: z.array(explanation) })

/** An explanation record (console-and-cli.md section 3), in the shape of `trust`'s `Explanation`. */
export type ExplanationBody = z.infer<typeof explanation>

/** Filters of the explanation feed; all of them must hold. */
export interface ExplanationFilter {
  readonly last?: 'denied' | 'any'
  readonly stage?: string
  readonly listener?: string
  /** `handshake`: only connections that were refused before HTTP. */
  readonly refused?: 'handshake'
  readonly limit?: number
  /** RFC 3339 time, or a span such as `10m`. */
  readonly since?: string
}

/** Calls of `/api/explanations`. */
export interface ExplanationClient {
  /** Newest first. */
  list(filter?: ExplanationFilter): Promise<ExplanationBody[]>
  /** One record, and the others of its chain of calls. */
  show(id: string): Promise<z.infer<typeof record>>
}

/** A client of the explanation feed behind `connection`. */
export function createExplanationClient(connection: Connection): ExplanationClient {
  return {
    list: (filter = {}) =>
      connection.json(
        { method: 'GET', path: '/api/explanations', query: { ...filter } },
        z.array(explanation),
      ),
    show: (id) =>
      connection.json(
        { method: 'GET', path: `/api/explanations/${encodeURIComponent(id)}` },
        record,
      ),
  }
}
