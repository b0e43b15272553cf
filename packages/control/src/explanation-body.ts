import { type Explanation, stageOfCode, stages } from '@twinlatch/trust'
import { z } from 'zod'

const stage = z.enum(stages)

const certificate = z
  .object({
    subject: z.string(),
    issuer: z.string(),
    serial: z.string(),
    sha256: z.string(),
    notBefore: z.string(),
    notAfter: z.string(),
    eku: z.array(z.string()).readonly().nullable(),
    chain: z.array(z.string()).readonly(),
    verified: z.boolean(),
    verifyError: z.string().nullable(),
  })
  .meta({ id: 'ExplainedCertificate' })

const nearMiss = z
  .object({
    clause: z.string(),
    key: z.string(),
    wanted: z.string(),
    got: z.string().nullable(),
    difference: z.string(),
  })
  .meta({ id: 'NearMiss', description: 'The one clause that kept a rule from matching.' })

const policy = z.object({
  name: z.string(),
  action: z.enum(['ALLOW', 'DENY', 'AUDIT']),
  point: z.enum(['gateway', 'workload']),
  rule: z.int(),
  matched: z.boolean(),
  nearMiss: nearMiss.nullable(),
})

/**
 * An explanation record on the wire (console-and-cli.md section 3): `Explanation` of `trust`, which
 * owns the type because the gateway makes them.
 */
export const explanationBody = z
  .object({
    id: z.string(),
    parentId: z.string().nullable(),
    time: z.iso.datetime(),
    subaccount: z.string().nullable(),
    listener: z.enum(['gateway', 'control']),
    outcome: z.enum(['allowed', 'denied']),
    stage,
    code: z.enum(Object.keys(stageOfCode) as (keyof typeof stageOfCode)[]).nullable(),
    status: z.int().nullable(),
    summary: z.string(),
    connection: z.object({
      peer: z.string(),
      sni: z.string().nullable(),
      alpn: z.string().nullable(),
      protocol: z.string().nullable(),
      cipher: z.string().nullable(),
      resumed: z.boolean(),
    }),
    certificate: certificate.nullable(),
    request: z
      .object({
        method: z.string(),
        host: z.string(),
        path: z.string(),
        route: z.string().nullable(),
      })
      .nullable(),
    steps: z
      .array(z.object({ stage, result: z.enum(['pass', 'fail', 'skip']), detail: z.string() }))
      .readonly(),
    policies: z.array(policy).readonly(),
    hints: z.array(z.object({ text: z.string(), command: z.string().nullable() })).readonly(),
  })
  .meta({
    id: 'Explanation',
    description: 'Why a call was allowed or refused.',
  }) satisfies z.ZodType<Explanation>

/** One record and those of the same chain of calls, newest first. */
export const foundExplanationBody = z.object({
  record: explanationBody,
  related: z.array(explanationBody).readonly(),
})
