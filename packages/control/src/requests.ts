import { parseDuration } from '@twinlatch/kit'
import { stages } from '@twinlatch/trust'
import { z } from 'zod'
import { controlLimits } from './limits.ts'

/** Body of `POST /api/apply` and `/api/delete`. */
export const documentsRequest = z.strictObject({
  files: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(controlLimits.fileNameCharactersMax),
        text: z.string(),
      }),
    )
    .min(1)
    .max(controlLimits.filesMax),
  dryRun: z.boolean().optional(),
})

/** Body of `POST /api/subaccounts`; what a name may be is the domain's business. */
export const subaccountRequest = z.strictObject({ name: z.string() })

/** Query of `GET /api/documents`. */
export const documentsQuery = z.strictObject({
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
})

/** Query of `GET /api/audit`. */
export const auditQuery = z.strictObject({ limit: limitUpTo(controlLimits.auditListedMax) })

/** Query of `GET /api/explanations`. `since` is a time or a span back from now. */
export const explanationsQuery = z.strictObject({
  last: z.enum(['denied', 'any']).optional(),
  stage: z.enum(stages).optional(),
  listener: z.enum(['gateway', 'control']).optional(),
  refused: z.enum(['handshake']).optional(),
  limit: limitUpTo(controlLimits.explanationsListedMax),
  since: z
    .union([
      z.iso.datetime({ offset: true }).transform((text) => ({ since: new Date(text) })),
      z.string().transform((text, context) => ({ withinMs: spanMs(text, context) })),
    ])
    .optional(),
})

/** A query without parameters. */
export const emptyQuery = z.strictObject({})

function limitUpTo(max: number) {
  return z
    .string()
    .regex(/^\d{1,6}$/, 'expected a number')
    .transform(Number)
    .pipe(z.number().min(1).max(max))
    .optional()
}

function spanMs(text: string, context: z.RefinementCtx): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'expected an RFC 3339 time or a span such as 10m' })
  return z.NEVER
}
